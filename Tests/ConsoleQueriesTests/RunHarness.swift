import Foundation
import LoadStage
import Postgres
import TestCluster
import Testing

/// An empty registry in its own schema, and functions that insert rows.
struct RunHarness {
  let database: TestDatabase

  static func with(_ body: (RunHarness, inout Connection) throws -> Void) throws {
    try TestDatabase.with { database in
      var connection = try database.open()
      try Migrator.migrate(&connection) { _ in }
      try body(RunHarness(database: database), &connection)
    }
  }

  /// Inserts a job run and returns its ID.
  ///
  /// - Parameters:
  ///   - minute: when it starts, in minutes since 2026-09-01 00:00 in Taiwan.
  ///   - seconds: its duration; nil if it has not ended.
  @discardableResult
  func run(
    _ connection: inout Connection, status: String = "success", minute: Int = 0, seconds: Int? = 10,
    counts: [Int] = [0, 0, 0, 0, 0], error: String? = nil, runID: String? = nil, sourceDate: String? = nil
  ) throws -> Int {
    let id = try connection.execute(
      """
      INSERT INTO etl_job_run (started_at, updated_at, completed_at, status, records_total, records_processed,
        records_failed, records_duplicated, records_blank, error_message, run_id, source_date)
      SELECT t, t + coalesce($3::int, 0) * interval '1 s', t + $3::int * interval '1 s', $1, $4, $5, $6, $7, $8, $9, $10,
        $11
      FROM (SELECT timestamptz '2026-08-31 16:00Z' + $2::int * interval '1 min' AS t) AS begun
      RETURNING id
      """,
      [status, "\(minute)", seconds.map(String.init)] + counts.map { "\($0)" } + [error, runID, sourceDate]
    ).number
    return try #require(id)
  }

  @discardableResult
  func publication(
    _ connection: inout Connection, run: Int, snapshot: String, kind: String = "reconcile", action: String = "load",
    day: String? = "2026-09-01", isWhole: Bool = true, registrations: Int = 0, counts: [Int] = [0, 0, 0],
    changes: String = "{}"
  ) throws -> Int {
    let id = try connection.execute(
      """
      INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, source_date,
        whole, registrations, industries, inserted, updated, removed, action, changes, published_at)
      VALUES ($1, $2, $2, '', 1, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11::jsonb, timestamptz '2026-09-01 16:30Z')
      RETURNING id
      """,
      ["\(run)", snapshot, kind, day, isWhole ? "t" : "f", "\(registrations)"] + counts.map { "\($0)" }
        + [action, changes]
    ).number
    return try #require(id)
  }

  func finding(_ connection: inout Connection, run: Int, batch: Int, severity: String, code: String, raw: String) throws
  {
    try connection.execute(
      """
      INSERT INTO data_import_error (job_run_id, batch_number, severity, error_type, error_message, raw_data)
      VALUES ($1, $2, $3, $4, 'what is wrong', $5::jsonb)
      """, ["\(run)", "\(batch)", severity, code, raw])
  }
}

extension Trait where Self == ConditionTrait {
  /// Enables a test if a PostgreSQL server is available.
  static var needsRunDatabase: Self { .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")") }
}
