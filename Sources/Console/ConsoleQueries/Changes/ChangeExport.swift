import Postgres
import Records

/// Exports all changes of a query as CSV for a spreadsheet (``CSVText``). A changed business has a row for each column that
/// differs; an added or removed one has a row with its address.
public struct ChangeExport: Sendable {
  /// The texts of the file, in the reader's language.
  public struct Labels: Sendable {
    public let header: [String]
    /// Texts for the values of the feed: `kind added`, `column business_address`, `reason absent`, `action load`,
    /// `undone yes`.
    public let values: [String: String]

    /// - Parameter header: nine names, in the order of the columns.
    public init(header: [String], values: [String: String]) {
      self.header = header
      self.values = values
    }
  }

  private let query: ChangeFilter
  private let labels: Labels

  public init(_ query: ChangeFilter, _ labels: Labels) {
    self.query = query
    self.labels = labels
  }

  /// Reads the changes from one state of the registry, the newest run first. The session's `statement_timeout` applies
  /// to the whole export, and a slow `write` blocks the session.
  ///
  /// - Parameter write: receives the file piece by piece; an error that it throws ends the export.
  public func write(on connection: inout Connection, _ write: ([UInt8]) throws -> Void) throws {
    try RegistrySnapshot.read(&connection) { connection in
      var values = SQLValues(.settings)
      let undone = try UndonePublications.read(&connection)
      let sql = sql(ChangeConditions(query: query, undone: undone), undone, &values)
      try values.set(on: &connection)
      try CSVText.write(header: labels.header, sql, &connection, write)
    }
  }

  private func sql(_ conditions: ChangeConditions, _ undone: UndonePublications, _ values: inout SQLValues) -> String {
    let names = labels.values.keys.sorted()
    let keys = values.add(SQLValues.array(names), "text[]")
    let texts = values.add(SQLValues.array(names.compactMap { labels.values[$0] }), "text[]")
    let undone = values.add(undone.array, "bigint[]")
    func label(_ group: String, _ value: String) -> String {
      "coalesce((l.labels ->> ('\(group) ' || \(value))), \(value))"
    }
    return """
      SELECT p.as_of_date, \(label("kind", "c.kind")), \(SheetCell.sql("c.ban")),
        \(SheetCell.sql("coalesce(c.after, c.before) ->> 'business_name'")), \(label("column", "n.name")),
        \(SheetCell.sql("n.before")), \(SheetCell.sql("n.after")), CASE WHEN p.action <> 'rollback' THEN \(label("reason", "c.reason")) END,
        \(label("action", "p.action")) || ' #' || p.job_run_id
          || CASE WHEN p.action <> 'rollback' AND p.job_run_id = ANY (\(undone)) THEN ' (' || \(label("undone", "'yes'")) || ')' ELSE '' END
      FROM (SELECT jsonb_object(\(keys), \(texts)) AS labels) AS l CROSS JOIN publication p
        CROSS JOIN LATERAL (SELECT f.* FROM registration_change f \(conditions.ofChanges(&values))) AS c
        LEFT JOIN LATERAL registration_change_columns(c.changed_columns, c.before, c.after) AS n
          ON c.kind = 'changed' OR n.name = 'business_address'
      \(conditions.ofRuns(&values))
      ORDER BY p.job_run_id DESC, c.ban, n.place
      """
  }
}
