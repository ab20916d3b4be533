/// What a list of businesses is sorted by; the BAN always decides between equals, in the same direction. What is
/// missing counts as less than anything else.
public enum RegistrationSort: String, Sendable, CaseIterable {
  case ban, name, capital
  case setUp = "set_up"

  /// The value that rows are sorted by, never NULL, spelled as the indexes in search.sql have it.
  func key(of row: String) -> String {
    switch self {
    case .ban: "\(row).ban"
    case .name: "\(row).business_name"
    case .capital: "coalesce(\(row).capital_amount, -1)"
    case .setUp: "coalesce(\(row).setup_date, '-infinity')"
    }
  }

  var type: String {
    switch self {
    case .ban, .name: #"text COLLATE "C""#
    case .capital: "bigint"
    case .setUp: "date"
    }
  }

  /// Whether a text is such a value as PostgreSQL writes it.
  func isKey(_ text: String) -> Bool {
    switch self {
    case .ban: BAN(text) != nil
    case .name: !text.utf8.isEmpty && !text.utf8.contains(0)
    case .capital: text == "-1" || text.isDigits && Int64(text) != nil
    case .setUp: text == "-infinity" || QueryValues.isDate(text)
    }
  }
}
