import CommandKit
import Postgres

/// Deletes what the database has kept for long enough.
struct DatabaseCleanup {
  let limits: RetentionLimits

  func perform(_ session: inout Connection, _ freed: inout Freed) throws {
    freed.findings = try session.execute(
      """
      DELETE FROM data_import_error e USING etl_job_run j
      WHERE j.id = e.job_run_id AND j.completed_at < now() - pg_catalog.make_interval(days => $1::int)
      """, ["\(limits.findingsDays)"]
    ).affected
    guard let days = limits.feedDays else { return }
    freed.changes = try session.transaction("feed-expiry") { session in
      // From the feed's beginning without a gap, and written down: what is asked of an older day is refused, not guessed.
      let runs = try session.execute(
        """
        UPDATE publication SET feed_expired_at = now()
        WHERE feed_expired_at IS NULL AND id <= (
          SELECT max(id) FROM publication WHERE published_at < now() - pg_catalog.make_interval(days => $1::int))
        RETURNING job_run_id
        """, ["\(days)"])
      let ids = "{" + runs.values.compactMap { $0[0] }.joined(separator: ",") + "}"
      return try session.execute("DELETE FROM registration_change WHERE job_run_id = ANY ($1::bigint[])", [ids])
        .affected
    }
  }
}
