import CommandKit
import Postgres
import Spool
import Support

/// Exports the registry as of a day, or the changes between two days, to a file for other programs.
public struct RegistryExport: Sendable {
  public enum Format: String, CaseIterable, Sendable {
    case csv, jsonl, sqlite
  }

  /// What to export. A day is an ISO 8601 date.
  public enum Content: Sendable {
    /// - Parameter day: nil for the newest publication.
    case registry(day: String?)
    /// The net changes from one day to another; nil for the newest publication.
    case changes(from: String, to: String?)
  }

  /// What was exported.
  public struct Result: Sendable {
    public let rows: Int
    /// The path of the file; nil for stdout.
    public let path: String?
    /// The day of the registry, or the first and the last day of the changes.
    public let days: [String]
  }

  public var format: Format
  public var content: Content
  /// Only businesses of these cities, of these districts, with an industry whose code begins with one of these digits.
  /// An empty list selects all. A change is exported if the business fits before or after it.
  public var cities: [String] = []
  public var districts: [String] = []
  public var industries: [String] = []
  /// The file to write; nil for a name in the current folder, `-` for stdout.
  public var output: String?
  public var replacesFile = false

  public init(_ format: Format, _ content: Content) {
    self.format = format
    self.content = content
  }

  /// Converts an error, with hints for an export: nothing of it is kept.
  private static func failure(_ error: any Error) -> Failure {
    switch error {
    case let error as PostgresError where ["42P01", "42883"].contains(error.sqlState):
      return Failure(
        .configuration, "\(error.place): the functions for analysts are missing, or of another version or schema",
        hint: "run a load as the owner of the tables, which creates them again: '\(command: .load)'")
    case let error as PostgresError: return Failure(error)
    default:
      var failure = Failure(from: error)
      if case .stopped = failure.category { failure.hints = ["run the same command again: it writes the whole file"] }
      return failure
    }
  }

  /// Writes the file. Memory does not grow with the number of rows. The file gets its name when it is complete and
  /// durable.
  ///
  /// - Throws: category `usage` for a day without a state, an unknown place, or an existing file; `notReady` if nothing
  ///   is published.
  public func run(
    _ databaseURL: String, stop: @escaping StopCheck = { try StopSignal.check() }
  ) throws -> Result {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: "registry-export", isReadOnly: true, stop: stop)
        .open()
      try Migrator.requireCurrent(&session)
      return try session.snapshot(of: RegistryTable.both.map(\.name)) { session in
        let source = try ExportSource(self, &session)
        guard output != "-" else {
          var stdout = StandardOutput()
          let rows = try source.writeLines(format, &session) { try stdout.write($0) }
          try stdout.flush()
          return Result(rows: rows, path: nil, days: source.days)
        }
        let path = output ?? "\(source.fileName).\(format.rawValue)"
        let mode = try DurableFile.requireReplaceable(path, option: "--output", replaces: replacesFile)
        // SQLite would apply what a killed writer of an earlier database left under this name.
        let leftovers = format == .sqlite ? ["-wal", "-shm", "-journal"].map { path + $0 } : []
        for leftover in leftovers {
          try DurableFile.requireReplaceable(leftover, option: "--output", replaces: replacesFile)
        }
        var file = try DurableFile(path, mode: mode, isExclusive: true)
        let rows =
          format == .sqlite
          ? try source.writeSQLite(file.temporaryPath, path, &session)
          : try source.writeLines(format, &session) { try file.write($0) }
        for leftover in leftovers { try SpoolFile.remove(leftover) }
        try file.publish()
        return Result(rows: rows, path: path, days: source.days)
      }
    } catch { throw Self.failure(error) }
  }
}
