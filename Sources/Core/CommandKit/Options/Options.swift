import ArgumentParser
import Spool
import Support

// Each option is declared once, in one of these groups. A stage shares its groups with the `pipeline.sh` commands that
// run it.

/// The path of the spool.
public struct SpoolOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the spool (SPOOL_DIR; default: spool).", valueName: "DIR"))
  public var spool: String?

  public init() {}

  public var path: String {
    let path = spool ?? Environment.value("SPOOL_DIR") ?? "spool"
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The spool on the command line; nil if there is none, or if the value may hold a password.
  static func typed(_ arguments: [String] = CommandLine.arguments) -> String? {
    typedValue(of: "--spool", arguments).flatMap { $0.mayHoldSecret ? nil : $0 }
  }
}

/// Returns the value of an option as it was typed; the last one if it was given twice.
///
/// - Returns: nil if it was not given.
private func typedValue(of name: String, _ arguments: [String]) -> String? {
  guard let index = arguments.lastIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) else { return nil }
  let argument = arguments[index]
  return argument == name ? arguments[(index + 1)...].first : String(argument.dropFirst(name.count + 1))
}

/// The form of the output.
public struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  public var json = false

  public init() {}
}

/// Whether to redo finished work.
public struct ForceOptions: ParsableArguments {
  @Flag(
    help:
      "Do the work again, even if it is finished or the source is unchanged (findings and export: replace an existing file)."
  )
  public var force = false

  public init() {}
}

/// The number of parallel jobs.
public struct JobsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of parallel jobs (JOBS; default: the number of cores).", valueName: "N"))
  public var jobs: String?

  public init() {}

  public func resolve() throws(Failure) -> Int {
    try Environment.number(jobs, named: "--jobs", variable: "JOBS", in: 1...256) ?? Workers.coreCount
  }
}

/// The database to use.
public struct DatabaseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "URL of the database, without a password (default: DATABASE_URL, which may contain the password).",
      valueName: "URI"))
  public var databaseURL: String?

  public init() {}

  /// The address on the command line; nil if there is none, or if it may hold a password.
  static func typed(_ arguments: [String] = CommandLine.arguments) -> String? {
    guard let value = typedValue(of: "--database-url", arguments), !value.lowercased().contains("passw")
    else { return nil }
    let authority = value.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
    guard let at = authority.firstIndex(of: "@") else { return value }
    return authority[..<at].contains(":") ? nil : value
  }

  /// Validates the form of the address without libpq, which only the last stage of a chain links.
  ///
  /// - Throws: category `usage`. The address is not quoted: it may hold a password.
  func requireValid() throws(Failure) {
    guard let text = databaseURL ?? Environment.value("DATABASE_URL") else { return }
    guard !["postgresql://", "postgres://"].contains(where: text.hasPrefix), !text.contains("=") else { return }
    throw Failure(
      .usage, "the database URL is not valid",
      hint: "use postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded")
  }

  /// The failure for an address with a password on the command line.
  public static let passwordRefused = Failure(
    .usage, "--database-url holds a password, which everybody on this machine could read",
    hint: "give it as DATABASE_URL, or keep the password in a file (PGPASSFILE)")
}

/// Options that transform and load share.
public struct SnapshotStageOptions: ParsableArguments {
  @OptionGroup public var snapshot: SnapshotOptions
  @OptionGroup public var jobs: JobsOptions
  @OptionGroup public var rejects: RejectOptions
  @OptionGroup public var accept: AcceptOptions

  public init() {}
}

/// The snapshot that a stage works on.
public struct SnapshotOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The snapshot (default: the newest; rollback: the one published before the current one; findings: the newest transformed one).",
      valueName: "ID"))
  public var snapshot: String?

  public init() {}

  /// - Returns: nil if no snapshot is named.
  /// - Throws: category `usage` if the value is not a snapshot's name.
  public func resolve() throws(Failure) -> SnapshotID? {
    guard let text = snapshot else { return nil }
    guard let id = SnapshotID(text) else {
      throw Failure(.usage, "'\(text)' is not a snapshot's name", hint: "\(command: .status) lists the snapshots")
    }
    return id
  }

  /// Returns the named snapshot, or else the one that the run's previous stage passed on, or else the newest.
  ///
  /// - Throws: category `notReady` if there is none.
  public func resolve(spool: String, summary: Summary) throws -> SnapshotFolder {
    if let id = try resolve() {
      guard try SpoolIndex.snapshots(spool).contains(id) else {
        throw Failure(
          .notReady, "snapshot \(id) is not in '\(spool)'", hint: "\(command: .status) lists the snapshots in the spool"
        )
      }
      return SnapshotFolder(spool: spool, id: id)
    }
    if let id = summary.snapshot.flatMap(SnapshotID.init) { return SnapshotFolder(spool: spool, id: id) }
    guard let newest = try SpoolIndex.snapshots(spool).last else {
      throw Failure(.notReady, "'\(spool)' holds no snapshot", hint: "run '\(command: .fetch)' first")
    }
    return SnapshotFolder(spool: spool, id: newest)
  }
}

/// The limit of rejected records.
public struct RejectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Refuse a snapshot with more than N, or P%, rejected records (MAX_REJECTS; default: 1%).", valueName: "N|P%"))
  public var maxRejects: String?

  public init() {}

  public func resolve() throws(Failure) -> RejectBudget { try RejectBudget.resolve(maxRejects) }
}
