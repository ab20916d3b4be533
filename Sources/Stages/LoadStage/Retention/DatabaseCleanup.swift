import CommandKit
import Postgres
import Support

/// Deletes expired findings and change-feed rows from the database.
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
      let runs = try session.rows(String(sql: PackageResources.expire_feed_sql), ["\(days)"])
      try Checkpoints.deleteExpired(&session)
      let ids = PostgresArray.of(try runs.map { try $0.text("job_run_id") })
      return try session.execute("DELETE FROM registration_change WHERE job_run_id = ANY ($1::bigint[])", [ids])
        .affected
    }
  }
}
