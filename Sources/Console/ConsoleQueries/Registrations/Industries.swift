import Postgres

/// Reads industries of businesses and industry codes.
public enum Industries {
  /// Returns the industries of businesses by BAN, in the source's order.
  static func of(_ bans: [String], _ connection: inout Connection) throws -> [String: [Registration.Industry]] {
    guard !bans.isEmpty else { return [:] }
    let rows = try connection.rows(
      """
      SELECT business_id, "order", industry_code, industry_name FROM business_industry
      WHERE business_id = ANY ($1::text[] COLLATE "C") ORDER BY business_id, "order", industry_code
      """, [SQLValues.array(bans)])
    return try Dictionary(grouping: rows) { try $0.text("business_id") }.mapValues { rows in
      try rows.map { row in
        Registration.Industry(
          slot: try row.int("order"), code: try row.text("industry_code"),
          name: try row.optionalText("industry_name"))
      }
    }
  }

  /// Returns the codes that begin with one to six digits, or whose names contain a text. The recursive query reads the
  /// index code by code.
  ///
  /// - Parameter name: folded (``SearchText``).
  static func codes(of name: String, _ connection: inout Connection) throws -> [String] {
    guard name.isDigits else {
      return try connection.texts(
        """
        SELECT code FROM (\(all)) AS a CROSS JOIN LATERAL (
          SELECT i.industry_name FROM business_industry i WHERE i.industry_code = a.code LIMIT 1) AS n
        WHERE strpos(\(RegistrationText.folded("n.industry_name")), $1) > 0
        """, [name])
    }
    let digits = name
    if digits.utf8.count == 6 { return [digits] }
    return try connection.texts(
      """
      WITH RECURSIVE codes (code) AS (
        (SELECT industry_code FROM business_industry WHERE industry_code >= $1 AND industry_code < $2
         ORDER BY industry_code LIMIT 1)
        UNION ALL
        SELECT (
          SELECT i.industry_code FROM business_industry i WHERE i.industry_code > codes.code AND i.industry_code < $2
          ORDER BY i.industry_code LIMIT 1)
        FROM codes WHERE codes.code IS NOT NULL
      )
      SELECT code FROM codes WHERE code IS NOT NULL
      """, [digits, digits.endOfPrefix])
  }

  /// Returns the codes of the industries that a word names: by a part of the name, or by the beginning of the code.
  static func codes(named word: SearchText.Word, _ connection: inout Connection) throws -> [String] {
    // One or two digits are the beginning of too many codes.
    let isName = word.digits.map { 3...6 ~= $0.utf8.count } ?? (word.text.unicodeScalars.count > 1)
    return isName ? try codes(of: word.digits ?? word.text, &connection) : []
  }

  /// Selects all codes. The recursive query reads the index code by code.
  private static let all = """
    WITH RECURSIVE codes (code) AS (
      (SELECT industry_code FROM business_industry ORDER BY industry_code LIMIT 1)
      UNION ALL
      SELECT (
        SELECT i.industry_code FROM business_industry i WHERE i.industry_code > codes.code
        ORDER BY i.industry_code LIMIT 1)
      FROM codes WHERE codes.code IS NOT NULL
    )
    SELECT code FROM codes WHERE code IS NOT NULL
    """
}

/// The choices of the search form.
public enum RegistrationChoices {
  /// Cities and counties, written with 臺, from north to south, the islands last.
  public static let cities = [
    "臺北市", "新北市", "基隆市", "桃園市", "新竹市", "新竹縣", "苗栗縣", "臺中市", "彰化縣", "南投縣", "雲林縣",
    "嘉義市", "嘉義縣", "臺南市", "高雄市", "屏東縣", "宜蘭縣", "花蓮縣", "臺東縣", "澎湖縣", "金門縣", "連江縣",
  ]

  /// Returns the first hundred kinds of organisation in the registry. The recursive query reads the index kind by kind.
  public static func types(on connection: inout Connection) throws -> [String] {
    try connection.texts(
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
      """)
  }
}
