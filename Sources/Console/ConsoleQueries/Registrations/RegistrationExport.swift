import Postgres
import Records

/// Exports all businesses of a search as CSV for a spreadsheet (``CSVText``), with the published columns. The set-up date
/// is ISO 8601 if it is a date.
public struct RegistrationExport: Sendable {
  /// The column names of the source.
  public static let columns = Column.allCases.map(\.name)

  private let query: RegistrationQuery

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
      return try CSVText.write(header: Self.columns, sql(conditions), &connection, write)
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
      SELECT \(Column.allCases.map(Self.value).joined(separator: ", "))
      FROM tax_registration r CROSS JOIN LATERAL (
        SELECT \(slots.joined(separator: ", ")) FROM business_industry i WHERE i.business_id = r.ban
      ) AS i
      \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
      ORDER BY \([.relevance, .ban].contains(query.sort) ? "" : "\(query.sort.key(of: "r")) \(direction), ")r.ban \(direction)
      """
  }

  /// Returns SQL for a column of the source: as published if the registry stores the text, NULL if it does not store
  /// the column.
  private static func value(_ column: Column) -> String {
    if let slot = Column.industrySlots.first(where: { Column.industry($0).code == column }) {
      return SheetCell.sql("i.industry_code_\(slot)")
    }
    if let slot = Column.industrySlots.first(where: { Column.industry($0).name == column }) {
      return SheetCell.sql("i.industry_name_\(slot)")
    }
    guard let stored = column.stored.first else { return "NULL" }
    let value = "r.\(stored.name)"
    if stored.form == .text, let date = column.stored.first(where: { $0.form == .date }) {
      return "coalesce(r.\(date.name)::text, \(SheetCell.sql(value)))"
    }
    return switch stored.form {
    case .text: SheetCell.sql(value)
    case .amount, .date: value
    case .flag: "CASE WHEN \(value) THEN 'Y' WHEN NOT \(value) THEN 'N' END"
    }
  }
}
