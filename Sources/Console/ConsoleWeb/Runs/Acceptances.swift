import ConsoleQueries
import ConsoleStore
import Postgres

/// What the registry tells of refused snapshots: which ones can still be accepted, which ones were, and which loads a
/// rollback undid.
struct Acceptances: Sendable {
  /// The snapshot that the registry has.
  var published: String?
  /// The newest acceptance of each refused snapshot.
  var accepted: [String: JobRuns.Acceptance] = [:]
  /// The loads that a rollback undid, each with the rollback.
  var undone: [Int: Int] = [:]

  static func read(_ connection: inout Connection) throws -> Acceptances {
    let undone = try UndonePublications.read(&connection).days
    return Acceptances(
      published: try JobRuns.publishedSnapshot(&connection), accepted: try JobRuns.accepted(&connection),
      undone: Dictionary(undone.map { ($0.jobRunID, $0.rollback) }) { first, _ in first })
  }

  /// Returns the later load that published the refused snapshot of a run; nil if none did.
  func acceptance(of run: PipelineRun) -> JobRuns.Acceptance? {
    guard let refusal = run.refusalToAccept, let acceptance = accepted[refusal.snapshot],
      acceptance.jobRunID > run.jobRun?.id ?? 0
    else { return nil }
    return acceptance
  }

  /// Whether a run's refused snapshot, or a newer one, was published since.
  func supersede(_ run: PipelineRun) -> Bool {
    run.refusalToAccept.map { $0.isAcceptable && !$0.mayBeAccepted(published: published) } ?? false
  }

  /// Whether a run may be repeated as it is, and may then have another result. The same files of a refused snapshot
  /// would be refused again.
  func allowRepeating(_ run: PipelineRun) -> Bool {
    guard let task = run.task, task.mayBeRepeated, !supersede(run) else { return false }
    return run.outcome != .refused || (task.kind != .transform && task.kind != .load)
  }
}

extension PipelineRun {
  /// The refusal that an operator may accept; nil for a dry run. The real run's refusal is accepted instead.
  var refusalToAccept: SnapshotRefusal? { isDryRun ? nil : refusal }
}

/// The reason to accept a refused snapshot, as the pipeline records it. The pipeline knows only the operating system's
/// user, so the console adds its account to the reason.
enum AcceptReason {
  private static let prefix = "--accept="

  /// Returns the option of `load` that accepts a snapshot.
  static func option(_ reason: String, by account: String) -> String { "\(prefix)\(reason) (\(account))" }

  /// Returns the reason without the account; nil if the text does not end with it.
  static func text(_ recorded: String, by account: String?) -> String? {
    guard let account, recorded.hasSuffix(" (\(account))") else { return nil }
    return String(recorded.dropLast(account.count + 3))
  }

  /// Returns the snapshot that a task accepts, and the reason; nil for a task that accepts none.
  fileprivate static func find(in task: ConsoleTask) -> (snapshot: String, reason: String)? {
    let arguments = task.arguments
    guard task.kind == .load, arguments.count == 3, arguments[0] == "--snapshot", arguments[2].hasPrefix(prefix) else {
      return nil
    }
    let recorded = String(arguments[2].dropFirst(prefix.count))
    return (arguments[1], text(recorded, by: task.askedBy) ?? recorded)
  }
}

extension ConsoleTask {
  /// The snapshot that the task accepts, and the operator's reason; nil for a task that accepts none.
  var acceptance: (snapshot: String, reason: String)? { AcceptReason.find(in: self) }
}
