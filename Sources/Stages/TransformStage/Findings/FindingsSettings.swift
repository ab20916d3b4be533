import Records
import Spool
import Support

/// The findings to list, and the form of the list.
public struct FindingsSettings: Sendable {
  public enum Form: Sendable, Equatable {
    /// A table with one line per finding, fitted to `width` columns.
    case table(width: Int)
    /// The JSON lines as stored in the spool.
    case json
    /// A correction sheet in a file, with one row per record. An existing file is replaced only if `replaces` is true.
    case sheet(path: String, replaces: Bool)
  }

  public var folder: SnapshotFolder
  /// The codes to list; empty for all.
  public var codes: Set<String>
  /// Whether to list only findings that the previous snapshot did not have.
  public var onlyNew: Bool
  public var form: Form

  /// - Parameters:
  ///   - folder: nil for the newest finalized snapshot of the spool.
  ///   - codes: the codes as the user has typed them.
  /// - Throws: category `usage` if a code is unknown or the sheet cannot be written to the named file, `notReady` if no
  ///   snapshot is finalized.
  public init(spool: String, folder: SnapshotFolder?, codes: [String], onlyNew: Bool, form: Form) throws {
    for code in codes where FindingCode(code: code) == nil {
      throw Failure(
        .usage, "--code '\(code)' is not a finding code",
        hint: "the codes are \(FindingCode.allCases.map(\.code).joined(separator: ", "))")
    }
    if case .sheet(let path, let replaces) = form {
      try DurableFile.requireReplaceable(path, option: "--export", replaces: replaces)
    }
    self.folder = try folder ?? FindingsSnapshot.newest(spool)
    self.codes = Set(codes)
    self.onlyNew = onlyNew
    self.form = form
  }
}
