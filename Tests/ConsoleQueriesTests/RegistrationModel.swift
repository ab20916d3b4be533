import ConsoleQueries
import Postgres

/// A business of the plain model that the SQL of searches is compared with.
struct ModelBusiness {
  var ban: String
  var name: String
  var address: String?
  var type: String?
  var invoice: Bool?
  var capital: Int64?
  var setUp: String?
  var headOffice: String?
  var industries: [String]

  /// Returns the sort key; a missing value sorts first.
  func key(_ sort: RegistrationSort) -> [UInt8] {
    switch sort {
    case .relevance, .ban: []
    case .name: Array(name.utf8)
    // Big-endian and of fixed length, so that bytes compare like numbers.
    case .capital:
      capital.map { amount in [1] + (0..<8).map { UInt8(truncatingIfNeeded: amount >> (56 - 8 * $0)) } } ?? []
    case .setUp: Array((setUp ?? "").utf8)
    }
  }
}

enum ModelSearch {
  /// Returns the text with full-width ASCII made half-width, a to z made upper case, and 台 replaced with 臺.
  static func folded(_ text: String) -> [UInt32] {
    text.unicodeScalars.map { scalar in
      var value = scalar.value
      if 0xFF01...0xFF5E ~= value { value -= 0xFEE0 }
      if 0x61...0x7A ~= value { value -= 0x20 }
      return value == 0x53F0 ? 0x81FA : value
    }
  }

  static func contains(_ text: String?, _ part: String) -> Bool {
    guard let text = text.map(folded) else { return false }
    let part = folded(part)
    return part.count <= text.count
      && (0...(text.count - part.count)).contains { text[$0...].prefix(part.count).elementsEqual(part) }
  }

  static func meets(_ business: ModelBusiness, _ query: [String: String]) -> Bool {
    query.allSatisfy { name, value in
      switch name {
      case "ban": business.ban.hasPrefix(value)
      case "name": contains(business.name, value)
      case "address": contains(business.address, value)
      case "type": business.type == value
      case "invoice": (business.invoice.map { $0 ? "yes" : "no" } ?? "unknown") == value
      case "industry": business.industries.contains { $0.hasPrefix(value) }
      case "city": business.address.map { folded(String($0.prefix(3))) == folded(value) } ?? false
      case "capital_min": business.capital.map { $0 >= Int64(value) ?? 0 } ?? false
      case "capital_max": business.capital.map { $0 <= Int64(value) ?? 0 } ?? false
      case "head_office":
        value == "any"
          ? business.headOffice != nil : value == "none" ? business.headOffice == nil : business.headOffice == value
      default: true
      }
    }
  }

  /// Returns the BANs of matching businesses in the query's order.
  static func find(_ businesses: [ModelBusiness], _ query: [String: String]) -> [String] {
    let sort = query["sort"].flatMap { RegistrationSort(rawValue: $0) } ?? .ban
    let sorted = businesses.filter { meets($0, query) }.sorted { a, b in
      let (keyA, keyB) = (a.key(sort), b.key(sort))
      return keyA == keyB ? a.ban < b.ban : keyA.lexicographicallyPrecedes(keyB)
    }.map(\.ban)
    return query["order"] == "desc" ? sorted.reversed() : sorted
  }
}

extension ModelBusiness {
  func insert(_ connection: inout Connection) throws {
    try connection.execute(
      """
      INSERT INTO tax_registration (ban, headquarters_ban, business_name, business_address, capital_amount,
        business_setup_date, setup_date, business_type, is_use_invoice, content_hash)
      VALUES ($1, $2, $3, $4, $5, replace($6, '-', ''), $6::date, $7, $8, 0)
      """,
      [ban, headOffice, name, address, capital.map(String.init), setUp, type, invoice.map { $0 ? "t" : "f" }])
    for (index, code) in industries.enumerated() {
      try connection.execute(
        "INSERT INTO business_industry VALUES ($1, $2, $3, $4)", [ban, code, "行業" + code, "\(index + 1)"])
    }
  }
}
