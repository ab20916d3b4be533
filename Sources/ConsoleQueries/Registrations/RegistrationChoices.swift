import Postgres

/// What there is to choose from in a search.
public enum RegistrationChoices {
  /// Cities and counties as 臺 has them, from north to south, the islands last.
  public static let cities = [
    "臺北市", "新北市", "基隆市", "桃園市", "新竹市", "新竹縣", "苗栗縣", "臺中市", "彰化縣", "南投縣", "雲林縣",
    "嘉義市", "嘉義縣", "臺南市", "高雄市", "屏東縣", "宜蘭縣", "花蓮縣", "臺東縣", "澎湖縣", "金門縣", "連江縣",
  ]

  /// The kinds of organisation in the registry, from the index on them, kind by kind; the first hundred.
  public static func types(on connection: inout Connection) throws -> [String] {
    try connection.execute(
      """
      WITH RECURSIVE types (type) AS (
        (SELECT business_type FROM tax_registration WHERE business_type IS NOT NULL ORDER BY business_type LIMIT 1)
        UNION ALL
        SELECT (
          SELECT r.business_type FROM tax_registration r WHERE r.business_type > types.type
          ORDER BY r.business_type LIMIT 1)
        FROM types WHERE types.type IS NOT NULL
      )
      SELECT type FROM types WHERE type IS NOT NULL LIMIT 100
      """
    ).values.compactMap { $0[0] }
  }
}
