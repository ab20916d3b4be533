/// The sort key of a list of businesses. Equal keys are sorted by BAN in the same direction. Missing values are the
/// least.
public enum RegistrationSort: String, Sendable, CaseIterable {
  /// How well a business matches the search text; without one, the same as ``ban``.
  case relevance
  case ban, name, capital
  case setUp = "set_up"

  /// Returns the SQL of the sort key. It is never NULL, and the same expression as in the indexes of search.sql.
  func key(of row: String) -> String {
    switch self {
    case .relevance, .ban: "\(row).ban"
    case .name: "\(row).business_name"
    case .capital: "coalesce(\(row).capital_amount, -1)"
    case .setUp: "coalesce(\(row).setup_date, '-infinity')"
    }
  }

  var type: String {
    switch self {
    case .relevance, .ban, .name: #"text COLLATE "C""#
    case .capital: "bigint"
    case .setUp: "date"
    }
  }

  /// Whether a text is a sort key as PostgreSQL writes it.
  func isKey(_ text: String) -> Bool {
    switch self {
    case .relevance, .ban: BAN(text) != nil
    case .name: !text.utf8.isEmpty && !text.utf8.contains(0)
    case .capital: text == "-1" || text.isDigits && Int64(text) != nil
    case .setUp: text == "-infinity" || QueryValues.isDate(text)
    }
  }
}
