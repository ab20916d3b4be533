import Postgres

/// The progress of a job run, which is one run of load.
public struct JobProgress: Sendable, Equatable {
  /// A loaded batch of the load under way. This run or an interrupted one before it loaded the batch.
  public struct Batch: Sendable, Equatable {
    public let number: Int
    public let registrations: Int
    /// The staged registrations: all of them, or those that differ.
    public let staged: Int
    public let jobRunID: Int
    public let loadedAt: String
  }

  /// The last batch up to which all batches are loaded.
  public let lastSuccessful: Int
  /// The highest batch that has begun.
  public let current: Int
  public let total: Int
  /// The rows of load_batch while this run is under way; empty afterwards.
  public let batches: [Batch]

  /// Reads the progress of a run.
  ///
  /// - Returns: nil if the run has none.
  public static func read(_ connection: inout Connection, of jobRunID: Int) throws -> JobProgress? {
    let row = try connection.rows(
      "SELECT last_successful_batch, current_batch, total_batches FROM import_progress WHERE job_run_id = $1::bigint",
      ["\(jobRunID)"]
    ).first
    guard let row else { return nil }
    let batches = try connection.rows(
      """
      SELECT b.batch_number, b.registrations, b.staged, b.job_run_id, b.loaded_at
      FROM load_batch b JOIN current_load l ON l.job_run_id = $1::bigint AND l.kind IS NOT NULL
      ORDER BY b.batch_number
      """, ["\(jobRunID)"]
    ).map { row in
      Batch(
        number: try row.int("batch_number"), registrations: try row.int("registrations"),
        staged: try row.int("staged"), jobRunID: try row.int("job_run_id"), loadedAt: try row.text("loaded_at"))
    }
    return JobProgress(
      lastSuccessful: try row.int("last_successful_batch"), current: try row.int("current_batch"),
      total: try row.int("total_batches"), batches: batches)
  }
}
