import CommandKit
import Postgres
import Spool
import Support

/// A load's row in etl_job_run.
struct JobRun: Sendable {
  let id: Int

  /// Inserts the row and that of its progress.
  static func open(_ session: inout Connection, _ snapshot: FinalizedSnapshot, _ settings: LoadSettings) throws
    -> JobRun
  {
    try session.transaction("job-run") { session in
      let totals = settings.totals(of: snapshot)
      let id = try session.int(
        """
        INSERT INTO etl_job_run (records_total, records_processed, records_failed, records_duplicated, records_blank,
          chunk_size, data_source_url, source_date, run_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
        """,
        [
          "\(totals.total)", "\(totals.processed)", "\(totals.failed)", "\(totals.duplicated)", "\(totals.blank)",
          "\(snapshot.fetch.terms.chunkSize)", snapshot.fetch.source.url, settings.action.sourceDate(of: snapshot),
          settings.runID,
        ])
      try session.execute(
        "INSERT INTO import_progress (job_run_id, total_batches) VALUES ($1, $2)",
        ["\(id)", "\(snapshot.batches.count)"])
      return JobRun(id: id)
    }
  }

  /// Finds the row of a run, for when the answer to its INSERT was lost.
  static func find(_ session: inout Connection, runID: String) throws -> JobRun? {
    try session.optionalInt(
      "SELECT max(id) FROM etl_job_run WHERE run_id = $1 AND status = 'running'", [runID]
    ).map(JobRun.init)
  }

  /// Closes rows of runs that were killed. The caller holds the run's lock, so none of them is running.
  static func closeStale(
    _ session: inout Connection, except own: JobRun?, events: (LoadEvent) -> Void
  ) throws {
    let error = "ended without a result: it was killed, or the machine or the database went down"
    let closed = try session.rows(
      """
      UPDATE etl_job_run SET status = 'failed', completed_at = clock_timestamp(), error_message = $2
      WHERE status = 'running' AND id IS DISTINCT FROM $1::bigint RETURNING id, run_id
      """, [own.map { "\($0.id)" }, error])
    for row in closed {
      events(.staleRunClosed(jobRunID: try row.int("id"), runID: try row.optionalText("run_id"), error: error))
    }
  }

  /// Reopens the row in a further attempt: another run may have closed it as stale.
  ///
  /// - Returns: false if the row is gone. After a failover the server may have lost it, or have another run under its
  ///   ID.
  func reopen(_ session: inout Connection, runID: String) throws -> Bool {
    try session.execute(
      """
      UPDATE etl_job_run SET status = 'running', updated_at = clock_timestamp(), completed_at = NULL, error_message = NULL
      WHERE id = $1 AND run_id = $2
      """, ["\(id)", runID]
    ).affected == 1
  }

  /// Closes the row in the transaction that publishes.
  func succeed(_ session: inout Connection, status: Summary.Status) throws {
    try session.execute(
      """
      UPDATE etl_job_run SET status = $2, updated_at = clock_timestamp(), completed_at = clock_timestamp(),
        error_message = NULL
      WHERE id = $1
      """, ["\(id)", status.rawValue])
    try session.execute(
      """
      UPDATE import_progress SET last_successful_batch = total_batches, current_batch = total_batches,
        updated_at = clock_timestamp()
      WHERE job_run_id = $1
      """, ["\(id)"])
  }

  /// Closes the row as failed within two seconds, in a new session: the one that failed may be lost. If the database
  /// cannot be reached, the next run closes it.
  func fail(_ access: DatabaseAccess, _ failure: Failure) {
    guard var session = try? access.open(withinSeconds: 2) else { return }
    _ = try? session.execute(
      """
      UPDATE etl_job_run SET status = 'failed', updated_at = clock_timestamp(), completed_at = clock_timestamp(),
        error_message = $2
      WHERE id = $1 AND status = 'running'
      """, ["\(id)", failure.message])
  }
}
