import Postgres

/// The number of businesses that lose a value, for each column of `tax_registration` and each industry slot.
struct EmptiedColumns {
  enum Part: Hashable {
    case column(String)
    case industry(place: Int)
  }

  private(set) var businesses: [Part: Int] = [:]
  /// Fewer lost values are ignored.
  private static let businessesMin = 50
  /// Columns that may be NULL.
  static let columns = RegistrationImage.columns.filter { $0 != "ban" && $0 != "business_name" }

  init() {}

  /// Counts them in the staged rows.
  init(staged session: inout Connection) throws {
    let counts = Self.columns.map { "count(*) FILTER (WHERE r.\($0) IS NOT NULL AND n.\($0) IS NULL) AS \($0)" }
    let row = try session.row(
      String(sql: PackageResources.count_emptied_sql, ["counts": counts.joined(separator: ", ")]))
    for column in Self.columns { businesses[.column(column)] = try row.int(column) }
    for row in try session.rows(String(sql: PackageResources.count_emptied_industries_sql)) {
      businesses[.industry(place: try row.int("place"))] = try row.int("businesses")
    }
  }

  mutating func add(_ part: Part) { businesses[part, default: 0] += 1 }

  /// Returns why the snapshot is refused: more than half of the values of a column or an industry slot are lost.
  func refusals(_ session: inout Connection) throws -> [String] {
    try businesses.filter { $1 >= Self.businessesMin }.compactMap { part, lost in
      let (name, count) =
        switch part {
        case .column(let column): (column, "SELECT count(\(column)) FROM tax_registration")
        case .industry(let place):
          ("industry \(place)", "SELECT count(*) FROM business_industry WHERE \"order\" = \(place)")
        }
      let before = try session.int(count)
      guard lost * 2 > before else { return nil }
      return
        "\(name) is empty for \(lost) of the \(before) businesses that have it: the source's column may have come empty"
    }.sorted()
  }
}
