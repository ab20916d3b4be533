import FoundationEssentials
import Postgres

/// The runs of load, the newest first.
public enum JobRuns {
  public struct Page: Sendable, Equatable {
    public let runs: [JobRunSummary]
    /// Where the next page begins: its `before`. Nil on the last one.
    public let next: Int?
  }

  /// - Parameters:
  ///   - before: runs with smaller numbers only.
  ///   - limit: how many at most.
  public static func page(_ connection: inout Connection, before: Int? = nil, limit: Int = 50) throws -> Page {
    let runs = try select(
      &connection, "WHERE $1::bigint IS NULL OR j.id < $1::bigint ORDER BY j.id DESC LIMIT $2::bigint",
      [before.map(String.init), "\(limit + 1)"])
    return Page(runs: Array(runs.prefix(limit)), next: runs.count > limit ? runs[limit - 1].id : nil)
  }

  public static func run(_ connection: inout Connection, id: Int) throws -> JobRunSummary? {
    try select(&connection, "WHERE j.id = $1::bigint", ["\(id)"]).first
  }

  /// The runs of load that one run of the pipeline has: more than one where it began anew.
  public static func runs(_ connection: inout Connection, runID: String) throws -> [JobRunSummary] {
    try select(&connection, "WHERE j.run_id = $1 ORDER BY j.id DESC LIMIT 50", [runID])
  }

  /// The run that published what the registry holds now; nil where nothing was ever published.
  public static func published(_ connection: inout Connection) throws -> JobRunSummary? {
    try select(&connection, "WHERE p.id = (SELECT max(id) FROM publication)", []).first
  }

  /// Name of the newest snapshot that was ever published; a name begins with the time of its fetch.
  public static func newestSnapshot(_ connection: inout Connection) throws -> String? {
    try connection.execute("SELECT max(snapshot) FROM publication").scalar
  }

  private static func select(
    _ connection: inout Connection, _ which: String, _ parameters: [String?]
  ) throws -> [JobRunSummary] {
    try connection.execute(
      """
      SELECT j.id, j.run_id, j.status, j.started_at, j.completed_at,
        extract(epoch FROM coalesce(j.completed_at, clock_timestamp()) - j.started_at),
        extract(epoch FROM clock_timestamp() - j.updated_at), j.source_date, j.data_source_url, j.chunk_size,
        j.records_total, j.records_processed, j.records_failed, j.records_duplicated, j.records_blank, j.error_message,
        p.id, p.snapshot, p.action, p.kind, p.whole, p.as_of_date, p.published_at,
        p.registrations, p.industries, p.inserted, p.updated, p.removed, p.changes, p.repaired, to_json(p.refusals),
        p.accepted_by, p.accept_reason
      FROM etl_job_run j LEFT JOIN publication p ON p.job_run_id = j.id
      \(which)
      """, parameters
    ).runRows.map(JobRunSummary.init)
  }
}

extension JobRunSummary {
  fileprivate init(_ row: RunRow) {
    id = row.count(0)
    runID = row.text(1)
    status = row.text(2).flatMap(Status.init) ?? .failed
    startedAt = row.text(3) ?? ""
    completedAt = row.text(4)
    seconds = max(0, row.real(5) ?? 0)
    quietSeconds = max(0, row.real(6) ?? 0)
    sourceDate = row.text(7)
    source = row.text(8)
    chunkSize = row.number(9)
    counts = RecordCounts(
      total: row.count(10), processed: row.count(11), failed: row.count(12), duplicated: row.count(13),
      blank: row.count(14))
    error = row.text(15)
    publication = JobPublication(row, from: 16)
  }
}

extension JobPublication {
  /// Nil where the run published nothing.
  fileprivate init?(_ row: RunRow, from first: Int) {
    guard let id = row.number(first) else { return nil }
    self.id = id
    snapshot = row.text(first + 1) ?? ""
    action = row.text(first + 2) ?? ""
    kind = row.text(first + 3) ?? ""
    isWhole = row.truth(first + 4)
    asOfDate = row.text(first + 5) ?? ""
    publishedAt = row.text(first + 6) ?? ""
    registrations = row.count(first + 7)
    industries = row.count(first + 8)
    inserted = row.count(first + 9)
    updated = row.count(first + 10)
    removed = row.count(first + 11)
    changes = row.json(first + 12) ?? .none
    repaired = row.count(first + 13)
    refusals = row.json(first + 14) ?? []
    acceptedBy = row.text(first + 15)
    acceptReason = row.text(first + 16)
  }
}

/// A row of an answer, read by the columns' places.
struct RunRow {
  let values: [String?]

  func text(_ column: Int) -> String? { values[column] }
  func number(_ column: Int) -> Int? { values[column].flatMap { Int($0) } }
  func count(_ column: Int) -> Int { number(column) ?? 0 }
  func real(_ column: Int) -> Double? { values[column].flatMap { Double($0) } }
  func truth(_ column: Int) -> Bool { values[column] == "t" }

  /// What a JSON document says; nil where it is NULL or says something else.
  func json<Value: Decodable>(_ column: Int, as type: Value.Type = Value.self) -> Value? {
    values[column].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}

extension Rows {
  var runRows: [RunRow] { values.map(RunRow.init) }
}
