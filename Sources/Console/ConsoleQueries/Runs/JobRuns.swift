import FoundationEssentials
import Postgres

/// Reads job runs, the newest first.
public enum JobRuns {
  /// One page of job runs.
  public struct Page: Sendable, Equatable {
    public let runs: [JobRunSummary]
    /// The `before` of the next page; nil on the last one.
    public let next: Int?
  }

  /// Reads a page of runs.
  ///
  /// - Parameters:
  ///   - before: returns only runs with smaller numbers.
  ///   - limit: the greatest number of runs.
  public static func page(_ connection: inout Connection, before: Int? = nil, limit: Int = 50) throws -> Page {
    let runs = try select(
      &connection, "WHERE $1::bigint IS NULL OR j.id < $1::bigint ORDER BY j.id DESC LIMIT $2::bigint",
      [before.map(String.init), "\(limit + 1)"])
    return Page(runs: Array(runs.prefix(limit)), next: runs.count > limit ? runs[limit - 1].id : nil)
  }

  /// Reads one run; nil if it does not exist.
  public static func run(_ connection: inout Connection, id: Int) throws -> JobRunSummary? {
    try select(&connection, "WHERE j.id = $1::bigint", ["\(id)"]).first
  }

  /// Returns the newest runs that have findings.
  public static func withFindings(_ connection: inout Connection, limit: Int = 100) throws -> [JobRunSummary] {
    try select(
      &connection,
      """
      WHERE EXISTS (SELECT FROM data_import_error e WHERE e.job_run_id = j.id) ORDER BY j.id DESC LIMIT $1::bigint
      """, ["\(limit)"])
  }

  /// Returns the job runs of one run of the pipeline. There are several if load started again.
  public static func runs(_ connection: inout Connection, runID: String) throws -> [JobRunSummary] {
    try select(&connection, "WHERE j.run_id = $1 ORDER BY j.id DESC LIMIT 50", [runID])
  }

  /// Returns the run of the newest publication; nil if there is none.
  public static func published(_ connection: inout Connection) throws -> JobRunSummary? {
    try select(&connection, "WHERE p.id = (SELECT max(id) FROM publication)", []).first
  }

  /// A load that published a snapshot although it was refused.
  public struct Acceptance: Sendable, Equatable {
    public let jobRunID: Int
    /// The run's identifier in the logs.
    public let runID: String?
    /// The operating system's user.
    public let acceptedBy: String?
  }

  /// Returns the newest acceptance of each snapshot that was published although it was refused.
  public static func accepted(_ connection: inout Connection) throws -> [String: Acceptance] {
    let rows = try connection.rows(
      """
      SELECT p.snapshot, p.job_run_id, j.run_id, p.accepted_by
      FROM publication p LEFT JOIN etl_job_run j ON j.id = p.job_run_id
      WHERE p.accepted_by IS NOT NULL ORDER BY p.id
      """)
    let found = try rows.map { row in
      (
        try row.text("snapshot"),
        Acceptance(
          jobRunID: try row.int("job_run_id"), runID: try row.optionalText("run_id"),
          acceptedBy: try row.optionalText("accepted_by"))
      )
    }
    return Dictionary(found) { $1 }
  }

  /// Returns the newest job run that refused a snapshot; nil if there is none. Transform refuses without a job run.
  public static func refused(_ connection: inout Connection, snapshot: String) throws -> Int? {
    try connection.optionalInt(
      "SELECT max(id) FROM etl_job_run WHERE status = 'failed' AND starts_with(error_message, $1)",
      ["snapshot \(snapshot) is refused: "])
  }

  /// Returns the name of the snapshot that the registry has. Names begin with the time of the fetch.
  public static func publishedSnapshot(_ connection: inout Connection) throws -> String? {
    try connection.optionalText("SELECT snapshot FROM publication ORDER BY id DESC LIMIT 1")
  }

  /// Returns the load or rollback whose snapshot the registry holds; nil if there is none. Its findings are those of the
  /// published file: a correction has none of its own.
  public static func publishedSource(_ connection: inout Connection) throws -> JobRunSummary? {
    try select(
      &connection, "WHERE p.id = (SELECT max(id) FROM publication WHERE action IN ('load', 'rollback'))", []
    ).first
  }

  /// SQL for the date of the source of a row `p` of publication. A correction has the date of its snapshot.
  static let sourceDay = """
    coalesce((SELECT d.source_date FROM publication d WHERE d.snapshot = p.snapshot AND d.source_date IS NOT NULL
      ORDER BY d.id DESC LIMIT 1), p.as_of_date)
    """

  private static func select(
    _ connection: inout Connection, _ which: String, _ parameters: [String?]
  ) throws -> [JobRunSummary] {
    try connection.rows(
      """
      SELECT j.id, j.run_id, j.status, j.started_at, j.completed_at,
        extract(epoch FROM coalesce(j.completed_at, clock_timestamp()) - j.started_at) AS seconds,
        extract(epoch FROM clock_timestamp() - j.updated_at) AS quiet_seconds, j.source_date, j.data_source_url,
        j.chunk_size, j.records_total, j.records_processed, j.records_failed, j.records_duplicated, j.records_blank,
        j.error_message, p.id AS publication_id, p.snapshot, p.action, p.kind, p.whole, p.as_of_date, p.published_at,
        \(sourceDay) AS source_day,
        p.registrations, p.industries, p.inserted, p.updated, p.removed, p.changes, p.repaired, p.refusals,
        p.accepted_by, p.accept_reason
      FROM etl_job_run j LEFT JOIN publication p ON p.job_run_id = j.id
      \(which)
      """, parameters
    ).map(JobRunSummary.init)
  }
}

extension JobRunSummary {
  fileprivate init(_ row: Row) throws {
    /// At least 0: the server's clock may have been set back.
    func seconds(_ column: String) throws -> Double { max(0, try row.value(column, "a number") { Double($0) }) }
    id = try row.int("id")
    runID = try row.optionalText("run_id")
    status = try row.value("status")
    startedAt = try row.text("started_at")
    completedAt = try row.optionalText("completed_at")
    self.seconds = try seconds("seconds")
    quietSeconds = try seconds("quiet_seconds")
    sourceDate = try row.optionalText("source_date")
    source = try row.optionalText("data_source_url")
    chunkSize = try row.optionalInt("chunk_size")
    counts = RecordCounts(
      total: try row.int("records_total"), processed: try row.int("records_processed"),
      failed: try row.int("records_failed"), duplicated: try row.int("records_duplicated"),
      blank: try row.int("records_blank"))
    error = try row.optionalText("error_message")
    publication = try JobPublication(row)
  }
}

extension JobPublication {
  /// Returns nil if the run published nothing.
  fileprivate init?(_ row: Row) throws {
    guard let id = try row.optionalInt("publication_id") else { return nil }
    self.id = id
    snapshot = try row.text("snapshot")
    action = try row.text("action")
    kind = try row.text("kind")
    isWhole = try row.bool("whole")
    asOfDate = try row.text("as_of_date")
    sourceDay = try row.text("source_day")
    publishedAt = try row.text("published_at")
    registrations = try row.int("registrations")
    industries = try row.int("industries")
    inserted = try row.int("inserted")
    updated = try row.int("updated")
    removed = try row.int("removed")
    changes = try row.value("changes", "the JSON of counts") {
      try? JSONDecoder().decode(Changes.self, from: Data($0.utf8))
    }
    repaired = try row.int("repaired")
    refusals = try row.textArray("refusals")
    acceptedBy = try row.optionalText("accepted_by")
    acceptReason = try row.optionalText("accept_reason")
  }
}
