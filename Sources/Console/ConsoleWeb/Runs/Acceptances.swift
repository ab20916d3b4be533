import ConsoleQueries
import ConsoleStore
import Postgres

/// What the registry tells of refused snapshots: which ones can still be accepted, and which ones were.
struct Acceptances: Sendable {
  /// The snapshot that the registry has.
  var published: String?
  /// The job runs that published a refused snapshot, by snapshot.
  var jobRuns: [String: Int] = [:]

  static func read(_ connection: inout Connection) throws -> Acceptances {
    Acceptances(published: try JobRuns.publishedSnapshot(&connection), jobRuns: try JobRuns.accepted(&connection))
  }

  /// Returns the later job run that published the refused snapshot of a run; nil if none did, or if a rollback undid it.
  func jobRun(accepting run: PipelineRun) -> Int? {
    guard supersede(run), let refusal = run.refusalToAccept, let accepted = jobRuns[refusal.snapshot],
      accepted > run.jobRun?.id ?? 0
    else { return nil }
    return accepted
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
