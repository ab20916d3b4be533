import ConsoleQueries
import ConsoleStore
import Postgres

/// What the registry tells of refused snapshots: which ones can still be accepted, and which ones were.
struct Acceptances: Sendable {
  /// The newest snapshot that was ever published.
  var newest: String?
  /// The job runs that published a refused snapshot, by snapshot.
  var jobRuns: [String: Int] = [:]

  static func read(_ connection: inout Connection) throws -> Acceptances {
    Acceptances(newest: try JobRuns.newestSnapshot(&connection), jobRuns: try JobRuns.accepted(&connection))
  }

  /// Returns the job run that published the refused snapshot of a run; nil if none did.
  func jobRun(accepting run: PipelineRun) -> Int? { run.refusalToAccept.flatMap { jobRuns[$0.snapshot] } }

  /// Whether a run's refused snapshot, or a newer one, was published since.
  func supersede(_ run: PipelineRun) -> Bool {
    run.refusalToAccept.map { $0.isAcceptable && !$0.mayBeAccepted(newest: newest) } ?? false
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
