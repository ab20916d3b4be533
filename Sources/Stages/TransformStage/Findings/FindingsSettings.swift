import Records
import Spool
import Support

/// What to list of a snapshot's findings, and how.
public struct FindingsSettings: Sendable {
  public enum Form: Sendable, Equatable {
    /// A line for a person each, at most so wide.
    case table(width: Int)
    /// The lines of the spool as they are.
    case json
    /// A correction sheet in a file: a row for each record. An existing file is only replaced if that is asked for.
    case sheet(path: String, replaces: Bool)
  }

  public var folder: SnapshotFolder
  /// Only these; empty for all.
  public var codes: Set<String>
  /// Only what the snapshot before did not have.
  public var onlyNew: Bool
  public var form: Form

  /// - Parameters:
  ///   - folder: nil for the newest snapshot of the spool that is finalized.
  ///   - codes: as users write them.
  /// - Throws: category `usage` where a code is unknown or the sheet cannot be the file that is named, `notReady` where
  ///   no snapshot is finalized.
  public init(spool: String, folder: SnapshotFolder?, codes: [String], onlyNew: Bool, form: Form) throws {
    for code in codes where FindingCode(code: code) == nil {
      throw Failure(
        .usage, "--code '\(code)' is not a finding's code",
        hint: "the codes are \(FindingCode.allCases.map(\.code).joined(separator: ", "))")
    }
    if case .sheet(let path, let replaces) = form { try Self.validate(path, replaces: replaces) }
    self.folder = try folder ?? FindingsSnapshot.newest(spool)
    self.codes = Set(codes)
    self.onlyNew = onlyNew
    self.form = form
  }

  /// The file is put in its place by rename, which would take a device's or a link's name from it.
  private static func validate(_ path: String, replaces: Bool) throws {
    let hint: Hint = "name a file to be written, for instance --export findings.csv"
    guard !Folder.name(of: path).isEmpty, path != "-" else {
      throw Failure(.usage, "--export '\(path)' is not a file", hint: hint)
    }
    let size: Int?
    do throws(Failure) { size = try SpoolFile.size(path) } catch {
      guard error.category == .data else { throw error }
      throw Failure(.usage, "--export '\(path)' is there and is not a regular file", hint: hint)
    }
    guard size == nil || replaces else {
      throw Failure(
        .usage, "--export '\(path)' is there already, perhaps with corrections in it",
        hint: "name another file; --force replaces this one")
    }
  }
}
