import Postgres

/// A filter for the findings of a run.
public struct FindingFilter: Sendable, Equatable {
  public var code: String?
  /// `error` or `warning`.
  public var severity: String?
  public var batch: Int?
  /// The BAN of the record.
  public var ban: BAN?

  public init(code: String? = nil, severity: String? = nil, batch: Int? = nil, ban: BAN? = nil) {
    self.code = code
    self.severity = severity
    self.batch = batch
    self.ban = ban
  }
}

/// The findings of a run. The database has at most ``perBatchMax`` of each severity per batch; the spool has all.
public enum Findings {
  /// How many findings of each severity the database keeps per batch.
  public static let perBatchMax = 100

  /// One page of findings.
  public struct Page: Sendable, Equatable {
    public let findings: [StoredFinding]
    /// Nil on the last page.
    public let next: FindingCursor?

    public init(findings: [StoredFinding] = [], next: FindingCursor? = nil) {
      self.findings = findings
      self.next = next
    }
  }

  /// The number of findings of a code.
  public struct Count: Sendable, Equatable {
    public let severity: String
    public let code: String
    public let count: Int
  }

  /// The numbers of findings of a batch.
  public struct BatchCount: Sendable, Equatable {
    public let batch: Int
    public let errors: Int
    public let warnings: Int
    /// Whether the batch may have more than the database keeps.
    public var isCapped: Bool { errors >= perBatchMax || warnings >= perBatchMax }
  }

  /// Reads a page of findings in the order of the source.
  ///
  /// - Parameters:
  ///   - place: the previous page's `next`; nil for the first page.
  ///   - limit: the greatest number of findings.
  public static func page(
    _ connection: inout Connection, of jobRunID: Int, _ filter: FindingFilter = FindingFilter(),
    behind place: FindingCursor? = nil, limit: Int = 50
  ) throws -> Page {
    let found = try connection.rows(
      """
      SELECT batch_number, severity, error_type, error_message, \(record) AS record, raw_data ->> 'line' AS line,
        coalesce(raw_data ->> 'byte_offset', '0') AS byte_offset, raw_data ->> 'column' AS source_column,
        raw_data ->> 'raw' AS raw, raw_data ->> 'raw_base64' AS raw_base64,
        coalesce((raw_data ->> 'truncated')::boolean, false) AS is_truncated
      FROM data_import_error
      WHERE \(conditions) AND ($6::int IS NULL OR batch_number >= $6::int AND
        (batch_number, \(record), error_type, \(column)) > ($6::int, $7::bigint, $8, $9))
      ORDER BY batch_number, \(record), error_type, \(column)
      LIMIT $10::bigint
      """,
      parameters(jobRunID, filter) + [
        place.map { "\($0.batch)" }, place.map { "\($0.record)" }, place?.code, place?.column, "\(limit + 1)",
      ]
    ).map(StoredFinding.init)
    let page = Array(found.prefix(limit))
    return Page(findings: page, next: found.count > limit ? page.last.map(FindingCursor.init(behind:)) : nil)
  }

  /// Counts the findings by severity and code, the most frequent first.
  public static func counts(
    _ connection: inout Connection, of jobRunID: Int, _ filter: FindingFilter = FindingFilter()
  ) throws -> [Count] {
    try connection.rows(
      """
      SELECT severity, error_type, count(*) AS findings FROM data_import_error WHERE \(conditions)
      GROUP BY severity, error_type ORDER BY severity, count(*) DESC, error_type
      """, parameters(jobRunID, filter)
    ).map { row in
      Count(severity: try row.text("severity"), code: try row.text("error_type"), count: try row.int("findings"))
    }
  }

  /// Counts the findings by batch, in batch order.
  public static func batches(
    _ connection: inout Connection, of jobRunID: Int, _ filter: FindingFilter = FindingFilter()
  ) throws -> [BatchCount] {
    try connection.rows(
      """
      SELECT batch_number, count(*) FILTER (WHERE severity = 'error') AS errors,
        count(*) FILTER (WHERE severity = 'warning') AS warnings
      FROM data_import_error WHERE \(conditions) GROUP BY batch_number ORDER BY batch_number
      """, parameters(jobRunID, filter)
    ).map { row in
      BatchCount(
        batch: try row.int("batch_number"), errors: try row.int("errors"), warnings: try row.int("warnings"))
    }
  }

  /// Finds out why the published file's record of a business was not loaded.
  ///
  /// - Returns: the run whose file the registry holds, and the finding that rejected the record; nil if the database
  ///   has none.
  public static func rejection(
    of ban: BAN, on connection: inout Connection
  ) throws -> (run: JobRunSummary, finding: StoredFinding)? {
    guard let run = try JobRuns.publishedSource(&connection) else { return nil }
    return try page(&connection, of: run.id, FindingFilter(severity: "error", ban: ban), limit: 1).findings.first
      .map { (run: run, finding: $0) }
  }

  /// The record number; 0 for a finding in a correction sheet, which has none.
  private static let record = "coalesce((raw_data ->> 'record')::bigint, 0)"
  private static let column = "coalesce(raw_data ->> 'column', '') COLLATE \"C\""

  private static let conditions = """
    job_run_id = $1::bigint AND ($2::text IS NULL OR error_type = $2) AND ($3::text IS NULL OR severity = $3)
      AND ($4::int IS NULL OR batch_number = $4::int) AND ($5::text IS NULL OR \(ban) = $5)
    """

  /// The BAN of a record: its first field of eight digits, since the published columns begin with the address and the
  /// BAN. In a record without a valid BAN, that would be the head office's.
  private static let ban = #"""
    CASE WHEN error_type <> 'INVALID_BAN' THEN substring(
      coalesce(raw_data ->> 'raw', encode(decode(raw_data ->> 'raw_base64', 'base64'), 'escape'))
      FROM '(?:^|,) *"? *([0-9]{8}) *"? *(?:,|$)') END
    """#

  private static func parameters(_ jobRunID: Int, _ filter: FindingFilter) -> [String?] {
    ["\(jobRunID)", filter.code, filter.severity, filter.batch.map(String.init), filter.ban?.text]
  }
}
