import Postgres
import Support

/// The checkpoints of the registry's history: its state after some job runs, from which `registry_as_of` computes the
/// states near them.
package enum Checkpoints {
  /// Changes between two checkpoints, as a share of the registry's businesses. A checkpoint takes a quarter of the
  /// registry's space; with 2,000 changes a day it is written every fifteen months. It has the server's default
  /// compression: a dump with LZ4 cannot be restored on every server.
  package static let share = 0.55

  /// A publication, the oldest first.
  package struct Publication {
    package let jobRunID: Int
    package let changes: Int
    package var hasCheckpoint: Bool

    package init(jobRunID: Int, changes: Int, hasCheckpoint: Bool) {
      self.jobRunID = jobRunID
      self.changes = changes
      self.hasCheckpoint = hasCheckpoint
    }
  }

  /// Returns the job run whose checkpoint is to be written next; nil if none is needed. The newest comes first, so that
  /// a feed without checkpoints gets them load by load.
  ///
  /// From the first publication it takes half the distance, since there is no checkpoint on its other side.
  ///
  /// - Parameter publications: those whose changes the feed has, without the first of all.
  package static func missing(_ publications: [Publication], registrations: Int) -> Int? {
    let distance = share * Double(registrations)
    var candidates: [Int] = []
    var (isFirst, changes, candidate) = (true, 0, Int?.none)
    for publication in publications {
      changes += publication.changes
      if publication.hasCheckpoint {
        // The size of the registry varies: a distance that was right once is not made too long by that.
        if let candidate, Double(changes) > 1.5 * distance { candidates.append(candidate) }
        (isFirst, changes, candidate) = (false, 0, nil)
      } else if candidate == nil, Double(changes) >= (isFirst ? distance / 2 : distance) {
        candidate = publication.jobRunID
      }
    }
    return candidate ?? candidates.last
  }

  /// Writes the next missing checkpoint, in a transaction of its own.
  static func write(registrations: Int, _ session: inout Connection, events: (LoadEvent) -> Void) throws {
    guard let run = try missing(publications(&session), registrations: registrations) else { return }
    events(.phase("storing a checkpoint of the registry's history"))
    let state = try AnalysisObjects.state(run: "\(run)", &session)
    let statement = try String(
      sql: PackageResources.insert_checkpoint_sql,
      ["run": "\(run)", "state": state, "columns": AnalysisObjects.stateColumns.joined(separator: ", ")])
    try session.transaction("checkpoint") { session in
      try session.execute("SET LOCAL work_mem = '64MB'")
      try session.execute(statement)
      try session.execute("UPDATE publication SET checkpointed_at = now() WHERE job_run_id = $1", ["\(run)"])
    }
  }

  /// Deletes all checkpoints; later loads write them again.
  static func discard(_ session: inout Connection) throws {
    try session.execute("DELETE FROM registration_checkpoint")
    try session.execute("UPDATE publication SET checkpointed_at = NULL WHERE checkpointed_at IS NOT NULL")
  }

  /// Deletes the checkpoints that no day needs whose changes the feed still has.
  static func deleteExpired(_ session: inout Connection) throws {
    let expired = """
      (SELECT max(job_run_id) FROM publication WHERE feed_expired_at IS NOT NULL)
      """
    try session.execute("DELETE FROM registration_checkpoint WHERE job_run_id < \(expired)")
    try session.execute(
      "UPDATE publication SET checkpointed_at = NULL WHERE checkpointed_at IS NOT NULL AND job_run_id < \(expired)")
  }

  private static func publications(_ session: inout Connection) throws -> [Publication] {
    try session.rows(
      """
      SELECT job_run_id, inserted + updated + removed AS changes, checkpointed_at IS NOT NULL AS has_checkpoint
      FROM publication
      WHERE feed_expired_at IS NULL AND id > (SELECT min(id) FROM publication WHERE feed_expired_at IS NULL) ORDER BY id
      """
    ).map { row in
      Publication(
        jobRunID: try row.int("job_run_id"), changes: try row.int("changes"),
        hasCheckpoint: try row.bool("has_checkpoint"))
    }
  }
}
