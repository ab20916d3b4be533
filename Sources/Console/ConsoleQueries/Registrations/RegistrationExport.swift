import Postgres
import Records

/// Exports all businesses of a search as CSV for a spreadsheet: UTF-8 with a byte order mark, commas, CRLF, with the
/// published columns.
///
/// As in the pipeline's own sheets (docs/rules.md), these cells get a leading apostrophe: possible formulas, texts that
/// begin with an apostrophe, values such as `NULL` or `NA`, and digits with a leading zero.
public struct RegistrationExport: Sendable {
  /// The column names of the source.
  public static let columns = Column.allCases.map(\.name)

  private let query: RegistrationQuery

  /// The least size in bytes of a piece, except the last.
  private static let pieceBytes = 1 << 16

  public init(_ query: RegistrationQuery) { self.query = query }

  /// Reads the businesses from one state of the registry, in the order of the search. The session's `statement_timeout`
  /// applies to the whole export, and a slow `write` blocks the session.
  ///
  /// - Parameter write: receives the file piece by piece; an error that it throws ends the export.
  /// - Returns: the number of businesses.
  @discardableResult
  public func write(
    on connection: inout Connection, _ write: ([UInt8]) throws -> Void
  ) throws -> Int {
    try RegistrySnapshot.read(&connection) { connection in
      var values = SQLValues(.settings)
      let use = try RegistrationConditions.Use.collecting(for: query, &connection)
      var conditions = RegistrationConditions(query, use).all(&values)
      if let text = query.text {
        let ways = try TextMatches(text, &connection).ways(&values, filters: [], limit: nil)
        conditions.append("r.ban IN (\(ways.joined(separator: " UNION ")))")
      }
      try values.set(on: &connection)
      var piece = Array("\u{FEFF}\(Self.columns.joined(separator: ","))\r\n".utf8)
      let rows = try connection.copyOut(sql(conditions)) { row in
        piece.append(contentsOf: row)
        piece.append(contentsOf: "\r\n".utf8)
        guard piece.count >= Self.pieceBytes else { return }
        try write(piece)
        piece.removeAll(keepingCapacity: true)
      }
      if !piece.isEmpty { try write(piece) }
      return rows
    }
  }

  private func sql(_ conditions: [String]) -> String {
    let direction = query.descends ? "DESC" : "ASC"
    let slots = Column.industrySlots.flatMap { slot in
      ["industry_code", "industry_name"].map {
        #"max(i.\#($0)) FILTER (WHERE i."order" = \#(slot)) AS \#($0)_\#(slot)"#
      }
    }
    return """
      COPY (
        SELECT \(Column.allCases.map(Self.value).joined(separator: ", "))
        FROM tax_registration r CROSS JOIN LATERAL (
          SELECT \(slots.joined(separator: ", ")) FROM business_industry i WHERE i.business_id = r.ban
        ) AS i
        \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
        ORDER BY \([.relevance, .ban].contains(query.sort) ? "" : "\(query.sort.key(of: "r")) \(direction), ")r.ban \(direction)
      ) TO STDOUT (FORMAT csv)
      """
  }

  /// Returns SQL for a column of the source: as published if the registry stores the text, NULL if it does not store
  /// the column.
  private static func value(_ column: Column) -> String {
    if let slot = Column.industrySlots.first(where: { Column.industry($0).code == column }) {
      return cell("i.industry_code_\(slot)")
    }
    if let slot = Column.industrySlots.first(where: { Column.industry($0).name == column }) {
      return cell("i.industry_name_\(slot)")
    }
    guard let stored = column.stored.first else { return "NULL" }
    let value = "r.\(stored.name)"
    return switch stored.form {
    case .text: cell(value)
    case .amount, .date: value
    case .flag: "CASE WHEN \(value) THEN 'Y' WHEN NOT \(value) THEN 'N' END"
    }
  }

  /// Returns SQL for a text, with an apostrophe if a spreadsheet could interpret it.
  private static func cell(_ column: String) -> String {
    #"""
    CASE WHEN left(\#(column), 1) IN ('=', '+', '-', '@', '''', E'\t', E'\r', '＝', '＋', '－', '＠')
      OR \#(column) IN ('NULL', 'null', 'NA', 'N/A') OR \#(column) ~ '^0[0-9]+$'
      THEN '''' || \#(column) ELSE \#(column) END
    """#
  }
}
