import ArgumentParser
import Failures
import Spool
import Threads

/// Where the spool is.
public struct SpoolOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the spool (SPOOL_DIR; default: spool).", valueName: "DIR"))
  public var spool: String?

  public init() {}

  public var path: String {
    let path = spool ?? Environment.value("SPOOL_DIR") ?? "spool"
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}

/// Which snapshot a stage works on.
public struct SnapshotOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The snapshot (default: the newest of the spool).", valueName: "ID"))
  public var snapshot: String?

  public init() {}

  /// The snapshot named, or the one that the stages before handed on, or the newest.
  public func resolve(spool: String, summary: Summary) throws -> SnapshotFolder {
    if let text = snapshot {
      guard let id = SnapshotID(text) else {
        throw Failure(.usage, "'\(text)' is not a snapshot's name", hint: "run '\(command: .status)' to see them")
      }
      guard try Survey.snapshots(spool).contains(id) else {
        throw Failure(
          .notReady, "snapshot \(id) is not in '\(spool)'", hint: "run '\(command: .status)' to see what is")
      }
      return SnapshotFolder(spool: spool, id: id)
    }
    if let id = summary.snapshot.flatMap(SnapshotID.init) { return SnapshotFolder(spool: spool, id: id) }
    guard let newest = try Survey.snapshots(spool).last else {
      throw Failure(.notReady, "'\(spool)' holds no snapshot", hint: "run '\(command: .fetch)' first")
    }
    return SnapshotFolder(spool: spool, id: newest)
  }
}

/// How many at once.
public struct JobsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many at once (JOBS; default: the number of cores).", valueName: "N"))
  public var jobs: String?

  public init() {}

  public func resolve() throws -> Int {
    try Environment.number(jobs, named: "--jobs", variable: "JOBS", in: 1...256) ?? Workers.coreCount
  }
}

/// How many rejections are too many.
public struct RejectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Publish nothing with more rejected records than N, or P % (MAX_REJECTS; default: 1%).", valueName: "N|P%"))
  public var maxRejects: String?

  public init() {}

  public func resolve() throws -> RejectBudget { try RejectBudget.resolve(maxRejects) }
}

/// What goes to stdout, and how the stages of one run pass on what they did.
public struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the summary as one JSON document.")
  public var json = false

  @Flag(help: ArgumentHelp("Another stage follows: the run does not end with this one.", visibility: .hidden))
  public var moreFollows = false

  public init() {}
}
