import Postgres

/// The conditions of a query as SQL.
struct RegistrationConditions {
  /// How the conditions are used.
  enum Use {
    /// They filter rows that are read in the list's order; no index is used for them.
    case looking(industryCodes: [String])
    /// They select all matching rows, by indexes that the server chooses.
    case collecting(hasBigrams: Bool, industryCodes: [String])
  }

  private let query: RegistrationQuery
  private let use: Use
  private let row: String

  init(_ query: RegistrationQuery, _ use: Use, row: String = "r") {
    self.query = query
    self.use = use
    self.row = row
  }

  /// Returns all conditions.
  func all(_ values: inout SQLValues) -> [String] {
    range(of: .ban, &values) + filters(&values) + [industry(&values)].compactMap(\.self)
  }

  /// Returns the conditions that bound the sort key, so that rows outside the bounds are not read.
  func range(of sort: RegistrationSort, _ values: inout SQLValues) -> [String] {
    switch sort {
    case .relevance, .ban: query.ban.map { prefix("\(row).ban", $0, full: 8, &values) } ?? []
    case .capital: type(&values) + capital("coalesce(\(row).capital_amount, -1)", &values)
    case .name, .setUp: []
    }
  }

  private func prefix(_ column: String, _ digits: String, full: Int, _ values: inout SQLValues) -> [String] {
    if digits.utf8.count == full { return ["\(column) = \(values.add(digits))"] }
    return ["\(column) >= \(values.add(digits))", "\(column) < \(values.add(digits.endOfPrefix))"]
  }

  private func capital(_ column: String, _ values: inout SQLValues) -> [String] {
    var conditions: [String] = []
    if let least = query.capitalMin { conditions.append("\(column) >= \(values.add("\(least)", "bigint"))") }
    if let most = query.capitalMax { conditions.append("\(column) <= \(values.add("\(most)", "bigint"))") }
    return conditions
  }

  private func type(_ values: inout SQLValues) -> [String] {
    query.type.map { ["\(row).business_type = \(values.add($0))"] } ?? []
  }

  private func filters(_ values: inout SQLValues) -> [String] {
    var conditions = type(&values) + capital("\(row).capital_amount", &values)
    switch query.invoice {
    case .yes: conditions.append("\(row).is_use_invoice")
    case .no: conditions.append("NOT \(row).is_use_invoice")
    case .unknown: conditions.append("\(row).is_use_invoice IS NULL")
    case nil: break
    }
    if let city = query.city {
      conditions.append(
        "address_city(\(row).business_address) = \(RegistrationText.oneTai(values.add(city)))")
    }
    switch query.headOffice {
    case .of(let ban): conditions.append("\(row).headquarters_ban = \(values.add(ban.text))")
    case .any: conditions.append("\(row).headquarters_ban IS NOT NULL")
    case .some(.none): conditions.append("\(row).headquarters_ban IS NULL")
    case nil: break
    }
    if let name = query.name { conditions += contains("\(row).business_name", name, &values) }
    if let address = query.address { conditions += contains("\(row).business_address", address, &values) }
    return conditions
  }

  private func contains(_ column: String, _ text: String, _ values: inout SQLValues) -> [String] {
    let value = values.add(text)
    let contains = RegistrationText.contains(column, value)
    guard case .collecting(hasBigrams: true, _) = use else { return [contains] }
    return ["registry_bigrams(\(column)) @> registry_bigrams(\(value))", contains]
  }

  private func industry(_ values: inout SQLValues) -> String? {
    guard let industry = query.industry else { return nil }
    switch use {
    case .looking(let codes):
      // This reads all industries of a business, four at most. With the code as a WHERE condition, the server may
      // choose the index on codes and scan a range of codes again for each row.
      let code =
        industry.isDigits
        ? prefix("i.industry_code", industry, full: 6, &values).joined(separator: " AND ")
        : "i.industry_code = ANY (\(values.add(SQLValues.array(codes), #"text[] COLLATE "C""#)))"
      return "(SELECT bool_or(\(code)) FROM business_industry i WHERE i.business_id = \(row).ban)"
    case .collecting(_, let codes):
      // The codes are listed one by one, since the server estimates the businesses of a range only roughly.
      let codes = values.add(SQLValues.array(codes), #"text[] COLLATE "C""#)
      return "\(row).ban IN (SELECT i.business_id FROM business_industry i WHERE i.industry_code = ANY (\(codes)))"
    }
  }
}

extension RegistrationConditions.Use {
  /// Returns the use for filtering rows.
  static func looking(for query: RegistrationQuery, _ connection: inout Connection) throws -> Self {
    guard let industry = query.industry, !industry.isDigits else { return .looking(industryCodes: []) }
    return .looking(industryCodes: try Industries.codes(of: industry, &connection))
  }

  /// Returns the use for collecting a query's rows, with the available indexes and codes.
  static func collecting(for query: RegistrationQuery, _ connection: inout Connection) throws -> Self {
    let hasText = query.name != nil || query.address != nil
    return .collecting(
      hasBigrams: try hasText && SearchIndexes.hasBigrams(&connection),
      industryCodes: try query.industry.map { try Industries.codes(of: $0, &connection) } ?? [])
  }
}

/// How a search compares texts: full-width characters equal half-width ones (the source writes full-width numbers in
/// addresses, and people type half-width), 台 equals 臺, and a equals A. registry_bigrams in search.sql does the same.
enum RegistrationText {
  static func folded(_ sql: String) -> String { "upper(\(oneTai("normalize(\(sql), NFKC)")) COLLATE \"C\")" }

  static func oneTai(_ sql: String) -> String { "replace(\(sql), '台', '臺')" }

  /// Returns the condition that a column contains a text. The exact comparison is first: it is cheap and finds most
  /// rows.
  static func contains(_ column: String, _ text: String) -> String {
    "(strpos(\(column), \(text)) > 0 OR strpos(\(folded(column)), \(folded(text))) > 0)"
  }
}
