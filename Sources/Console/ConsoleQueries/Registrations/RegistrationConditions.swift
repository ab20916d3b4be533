import Postgres

/// The conditions of a query as SQL, and the values that they name.
struct RegistrationConditions {
  /// What they are put to.
  enum Use {
    /// Each row that comes along is looked at: no index helps.
    case looking
    /// All rows that meet them are collected: by which indexes is the server's to choose.
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

  /// All of them.
  func all(_ values: inout SQLValues) -> [String] {
    range(of: .ban, &values) + filters(&values) + [industry(&values)].compactMap(\.self)
  }

  /// Those that bound an order: what lies outside need not be looked at.
  func range(of sort: RegistrationSort, _ values: inout SQLValues) -> [String] {
    switch sort {
    case .ban: query.ban.map { prefix("\(row).ban", $0, full: 8, &values) } ?? []
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
        "\(RegistrationText.oneTai("left(\(row).business_address, 3)")) = \(RegistrationText.oneTai(values.add(city)))")
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
    case .looking:
      // All of a business's industries are read, four at most. As a condition of the subquery a range of codes would be
      // read from the index on codes wherever the server takes it for a short one, row by row.
      let code = prefix("i.industry_code", industry, full: 6, &values).joined(separator: " AND ")
      return "(SELECT bool_or(\(code)) FROM business_industry i WHERE i.business_id = \(row).ban)"
    case .collecting(_, let codes):
      // The codes one by one: of a range the server has only a rough idea how many businesses are in it.
      let codes = values.add(SQLValues.array(codes), #"text[] COLLATE "C""#)
      return "\(row).ban IN (SELECT i.business_id FROM business_industry i WHERE i.industry_code = ANY (\(codes)))"
    }
  }
}

extension RegistrationConditions.Use {
  /// What there is to collect a query's rows by.
  static func collecting(for query: RegistrationQuery, _ connection: inout Connection) throws -> Self {
    let hasText = query.name != nil || query.address != nil
    return .collecting(
      hasBigrams: try hasText && SearchIndexes.hasBigrams(&connection),
      industryCodes: try query.industry.map { try Industries.codes(of: $0, &connection) } ?? [])
  }
}

/// How texts are compared in a search: the source writes numbers in addresses full-width and people type them
/// half-width, 台 and 臺 are one, and so are a and A. registry_bigrams in search.sql spells the same out.
enum RegistrationText {
  static func folded(_ sql: String) -> String { "upper(\(oneTai("normalize(\(sql), NFKC)")) COLLATE \"C\")" }

  static func oneTai(_ sql: String) -> String { "replace(\(sql), '台', '臺')" }

  /// Whether a column contains a text. Most that contain it do so as it was given: folding is for the others.
  static func contains(_ column: String, _ text: String) -> String {
    "(strpos(\(column), \(text)) > 0 OR strpos(\(folded(column)), \(folded(text))) > 0)"
  }
}
