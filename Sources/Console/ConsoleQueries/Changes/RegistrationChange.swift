import Postgres
import Records

/// A row of the change feed: what one run changed in one business.
public struct RegistrationChange: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case added, changed, removed, reappeared }

  /// A changed column.
  public struct Column: Sendable, Equatable {
    /// A column of tax_registration, or `industries`.
    public let name: String
    /// The value as text: a boolean is `true` or `false`, industries are joined by `；`. Nil for NULL.
    public let before: String?
    public let after: String?
  }

  /// Columns that can differ.
  public static let columnNames = StoredColumn.all.map(\.name).filter { $0 != "ban" } + ["industries"]

  public let jobRunID: Int
  /// `load`, `rollback`, `replay`, `withdraw`.
  public let action: String
  /// The day from which the run counts, ISO 8601.
  public let asOfDate: String?
  /// In UTC, as PostgreSQL writes it.
  public let publishedAt: String
  public let ban: String
  /// The business's name after the change, or before it if the business was removed.
  public let name: String?
  /// Nil in a history whose older rows have expired: the state that it begins with.
  public let kind: Kind?
  /// Why it was removed: `absent`, `rejected`, `rolled back`.
  public let reason: String?
  /// The business before and after, as JSON of the feed.
  public let before: String?
  public let after: String?
  public internal(set) var columns: [Column]
  /// Whether it does not count: a rollback undid its publication, or it is of the rollback.
  public let isUndone: Bool
  /// Whether an initial load brought the business. The feed does not have those.
  public let isOfFirstLoad: Bool

  /// Columns of a row `c` of the feed or of a business's history, joined with a row `p` of publication.
  static let sql = """
    c.job_run_id, p.action, p.as_of_date, p.published_at, c.ban, c.kind, \
    CASE WHEN c.kind = 'removed' AND p.action = 'rollback' THEN 'rolled back' ELSE c.reason END AS reason, \
    c.before, c.after, \
    p.kind = 'bulk' AS is_first, \
    coalesce(c.after, c.before) ->> 'business_name' AS name, c.changed_columns
    """

  /// Reads changes with their columns.
  ///
  /// - Parameter changes: a query that selects ``sql``.
  static func read(
    _ changes: String, order: String, _ undone: UndonePublications, _ values: [String?], _ connection: inout Connection
  ) throws -> [RegistrationChange] {
    let rows = try connection.rows(
      """
      SELECT h.*, n.name AS column_name, n.before AS column_before, n.after AS column_after FROM (\(changes)) AS h
        LEFT JOIN LATERAL registration_change_columns(h.changed_columns, h.before, h.after) AS n ON true
      ORDER BY \(order), n.place
      """, values)
    var all: [RegistrationChange] = []
    for row in rows {
      let change = try RegistrationChange(row, undone)
      if all.last?.jobRunID != change.jobRunID || all.last?.ban != change.ban { all.append(change) }
      // By the LEFT JOIN a change without changed columns has one row without a name.
      guard let name = try row.optionalText("column_name") else { continue }
      all[all.count - 1].columns.append(
        Column(name: name, before: try row.optionalText("column_before"), after: try row.optionalText("column_after")))
    }
    return all
  }

  private init(_ row: Row, _ undone: UndonePublications) throws {
    jobRunID = try row.int("job_run_id")
    action = try row.text("action")
    asOfDate = try row.optionalText("as_of_date")
    publishedAt = try row.text("published_at")
    ban = try row.text("ban")
    kind = try row.optionalValue("kind")
    reason = try row.optionalText("reason")
    before = try row.optionalText("before")
    after = try row.optionalText("after")
    name = try row.optionalText("name")
    columns = []
    isOfFirstLoad = try row.bool("is_first")
    isUndone = undone.runs.contains(jobRunID)
  }
}
