import Postgres

/// All businesses of a search as CSV for a spreadsheet: UTF-8 with a byte order mark, commas, CRLF, in the published
/// columns.
///
/// As in the pipeline's own sheets (docs/rules.md) one apostrophe stands before what could be taken for a formula, what
/// begins with an apostrophe, a mark for "missing" that is a value, and digits with a zero first, but for 統一編號.
public struct RegistrationExport: Sendable {
  public static let columns = [
    "營業地址", "統一編號", "總機構統一編號", "營業人名稱", "資本額", "設立日期", "組織別名稱", "使用統一發票",
    "行業代號", "名稱", "行業代號1", "名稱1", "行業代號2", "名稱2", "行業代號3", "名稱3",
  ]

  private let query: RegistrationQuery

  /// Bytes that are gathered before they are handed over.
  private static let pieceBytes = 1 << 16

  public init(_ query: RegistrationQuery) { self.query = query }

  /// Reads them from one state of the registry, in the order of the search. The session's time for a statement holds
  /// for all of it, and what takes the pieces slowly holds up the session.
  ///
  /// - Parameter write: gets piece after piece of the file; throwing ends the export.
  /// - Returns: how many businesses there were.
  @discardableResult
  public func write(
    on connection: inout Connection, _ write: ([UInt8]) throws -> Void
  ) throws -> Int {
    try RegistrySnapshot.read(&connection) { connection in
      var values = SQLValues(.settings)
      let use = try RegistrationConditions.Use.collecting(for: query, &connection)
      let conditions = RegistrationConditions(query, use).all(&values)
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
    let slots = (1...4).flatMap { slot in
      ["industry_code", "industry_name"].map {
        #"max(i.\#($0)) FILTER (WHERE i."order" = \#(slot)) AS \#($0)_\#(slot)"#
      }
    }
    let industries = (1...4).flatMap { [Self.cell("i.industry_code_\($0)"), Self.cell("i.industry_name_\($0)")] }
    return """
      COPY (
        SELECT \(Self.cell("r.business_address")), r.ban, \(Self.cell("r.headquarters_ban")),
          \(Self.cell("r.business_name")),
          r.capital_amount, \(Self.cell("r.business_setup_date")), \(Self.cell("r.business_type")),
          CASE WHEN r.is_use_invoice THEN 'Y' WHEN NOT r.is_use_invoice THEN 'N' END,
          \(industries.joined(separator: ", "))
        FROM tax_registration r CROSS JOIN LATERAL (
          SELECT \(slots.joined(separator: ", ")) FROM business_industry i WHERE i.business_id = r.ban
        ) AS i
        \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
        ORDER BY \(query.sort == .ban ? "" : "\(query.sort.key(of: "r")) \(direction), ")r.ban \(direction)
      ) TO STDOUT (FORMAT csv)
      """
  }

  /// A text such that no spreadsheet makes something else of it.
  private static func cell(_ column: String) -> String {
    #"""
    CASE WHEN left(\#(column), 1) IN ('=', '+', '-', '@', '''', E'\t', E'\r', '＝', '＋', '－', '＠')
      OR \#(column) IN ('NULL', 'null', 'NA', 'N/A') OR \#(column) ~ '^0[0-9]+$'
      THEN '''' || \#(column) ELSE \#(column) END
    """#
  }
}
