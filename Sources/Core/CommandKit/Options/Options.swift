import ArgumentParser
import Spool
import Support

// An option is declared once, in one of these groups. A stage and the commands of `pipeline.sh` that it is part of have
// the same groups.

/// Where the spool is.
public struct SpoolOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the spool (SPOOL_DIR; default: spool).", valueName: "DIR"))
  public var spool: String?

  public init() {}

  public var path: String {
    let path = spool ?? Environment.value("SPOOL_DIR") ?? "spool"
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The folder on the command line; nil where there is none, or what may be an address with a password.
  static func typed(_ arguments: [String] = CommandLine.arguments) -> String? {
    typedValue(of: "--spool", arguments).flatMap { $0.mayHoldSecret ? nil : $0 }
  }
}

/// The value of an option as it was typed; of the last one, where it was given twice.
///
/// - Returns: nil where it was not given.
private func typedValue(of name: String, _ arguments: [String]) -> String? {
  guard let index = arguments.lastIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) else { return nil }
  let argument = arguments[index]
  return argument == name ? arguments[(index + 1)...].first : String(argument.dropFirst(name.count + 1))
}

/// What goes to stdout.
public struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the summary as one JSON document.")
  public var json = false

  public init() {}
}

/// Whether to do again what is done.
public struct ForceOptions: ParsableArguments {
  @Flag(help: "Redo what is finished, and take up a source that says it is unchanged.")
  public var force = false

  public init() {}
}

/// How many at once.
public struct JobsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many at once (JOBS; default: the number of cores).", valueName: "N"))
  public var jobs: String?

  public init() {}

  public func resolve() throws(Failure) -> Int {
    try Environment.number(jobs, named: "--jobs", variable: "JOBS", in: 1...256) ?? Workers.coreCount
  }
}

/// Which database.
public struct DatabaseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The database, as a URI without a password (DATABASE_URL, which may hold one).", valueName: "URI"))
  public var databaseURL: String?

  public init() {}

  /// The address on the command line; nil where there is none, or one that may hold a password.
  static func typed(_ arguments: [String] = CommandLine.arguments) -> String? {
    guard let value = typedValue(of: "--database-url", arguments), !value.lowercased().contains("passw")
    else { return nil }
    let authority = value.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
    guard let at = authority.firstIndex(of: "@") else { return value }
    return authority[..<at].contains(":") ? nil : value
  }

  /// Checks the form of the address, as far as it can be seen without libpq: of a chain, only the last stage has libpq.
  ///
  /// - Throws: category `usage`. The address is not quoted: it may hold a password.
  func requireValid() throws(Failure) {
    guard let text = databaseURL ?? Environment.value("DATABASE_URL") else { return }
    guard !["postgresql://", "postgres://"].contains(where: text.hasPrefix), !text.contains("=") else { return }
    throw Failure(
      .usage, "the database URL: it has the wrong form",
      hint: "the form is postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded")
  }

  /// The failure of an address with a password in the arguments.
  public static let passwordRefused = Failure(
    .usage, "--database-url holds a password, which everybody on this machine could read",
    hint: "give it as DATABASE_URL, or keep the password in a file (PGPASSFILE)")
}

/// What transform and load have in common: which snapshot, and when its rejected records are too many.
public struct SnapshotStageOptions: ParsableArguments {
  @OptionGroup public var snapshot: SnapshotOptions
  @OptionGroup public var jobs: JobsOptions
  @OptionGroup public var rejects: RejectOptions
  @OptionGroup public var accept: AcceptOptions

  public init() {}
}

/// Which snapshot a stage works on.
public struct SnapshotOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The snapshot (default: the newest of the spool).", valueName: "ID"))
  public var snapshot: String?

  public init() {}

  /// - Throws: category `usage` where what is named is no snapshot's name.
  public func resolve() throws(Failure) -> SnapshotID? {
    guard let text = snapshot else { return nil }
    guard let id = SnapshotID(text) else {
      throw Failure(.usage, "'\(text)' is not a snapshot's name", hint: "run '\(command: .status)' to see them")
    }
    return id
  }

  /// The snapshot named, or the one that the stages before handed on, or the newest.
  public func resolve(spool: String, summary: Summary) throws -> SnapshotFolder {
    if let id = try resolve() {
      guard try SpoolIndex.snapshots(spool).contains(id) else {
        throw Failure(
          .notReady, "snapshot \(id) is not in '\(spool)'", hint: "run '\(command: .status)' to see what is")
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

/// How many rejections are too many.
public struct RejectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Publish nothing with more rejected records than N, or P % (MAX_REJECTS; default: 1%).", valueName: "N|P%"))
  public var maxRejects: String?

  public init() {}

  public func resolve() throws(Failure) -> RejectBudget { try RejectBudget.resolve(maxRejects) }
}
