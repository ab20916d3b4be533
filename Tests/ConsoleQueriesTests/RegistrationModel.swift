import ConsoleQueries
import Postgres

/// A business as tests know it, and what a search means, without SQL.
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

  /// The key of an order; what is missing comes first.
  func key(_ sort: RegistrationSort) -> [UInt8] {
    switch sort {
    case .ban: []
    case .name: Array(name.utf8)
    // Of one length, so that bytes compare as numbers do.
    case .capital:
      capital.map { amount in [1] + (0..<8).map { UInt8(truncatingIfNeeded: amount >> (56 - 8 * $0)) } } ?? []
    case .setUp: Array((setUp ?? "").utf8)
    }
  }
}

enum ModelSearch {
  /// Width, 台 and the case of a to z do not count.
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

  /// BANs in the order asked for.
  static func find(_ businesses: [ModelBusiness], _ query: [String: String]) -> [String] {
    let sort = query["sort"].flatMap { RegistrationSort(rawValue: $0) } ?? .ban
    let sorted = businesses.filter { meets($0, query) }.sorted { a, b in
      let (keyA, keyB) = (a.key(sort), b.key(sort))
      return keyA == keyB ? a.ban < b.ban : keyA.lexicographicallyPrecedes(keyB)
    }.map(\.ban)
    return query["order"] == "desc" ? sorted.reversed() : sorted
  }
}

/// Businesses and searches by chance, with all that is awkward.
struct ModelDice {
  var random: RunRandom
  static let types = ["獨資", "有限公司", "股份有限公司", "其他%"]
  static let cities = ["臺北市", "台北市", "台中市", "新北市", "連江縣"]
  private static let pieces = [
    "台", "臺", "a", "A", "ａ", "Ａ", "5", "５", "%", "_", "\\", "'", "\"", "甲", "乙", "公司", "𠮷", "＝", "－", "=", "-", "@",
    ",", "\n", " ", "中",
  ]

  init(seed: UInt64? = nil) { random = seed.map { RunRandom(seed: $0) } ?? RunRandom() }

  mutating func chance(_ percent: Int) -> Bool { random.below(100) < percent }
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[random.below(choices.count)] }

  /// Begins and ends with no white space, as the rules leave it.
  mutating func text(_ most: Int) -> String {
    let middle = (0..<random.below(most)).map { _ in pick(Self.pieces) }.joined()
    return pick(["甲", "=", "＋", "@", "a", "台", "'", "NA", "5", "\\", "0"]) + middle + pick(["司", "%", "_", "號", "5"])
  }

  mutating func businesses(_ count: Int) -> [ModelBusiness] {
    var bans: Set<String> = []
    while bans.count < count { bans.insert(pick(["0", "12", "1234", ""]).padded(with: &random)) }
    let heads = Array(bans.sorted().prefix(5))
    return bans.sorted().shuffled(using: &random).map { ban in
      ModelBusiness(
        ban: ban, name: pick([text(8), text(3), "甲司"]), address: chance(10) ? nil : pick(Self.cities) + text(6),
        type: chance(10) ? nil : pick(Self.types), invoice: pick([true, false, nil]),
        capital: pick([nil, 0, 0, 1, 200_000, 200_000, Int64(random.below(1_000_000)), .max]),
        setUp: pick([nil, "2001-01-01", "2001-01-01", "1999-12-31", "0199-01-01", "2026-0\(1 + random.below(9))-11"]),
        headOffice: chance(30) ? pick(heads) : nil,
        industries: Array(
          Set(
            (0..<random.below(5)).map { _ in pick(["011111", "011112", "012345", "471110", "4711", "A1", "999999"]) })))
    }
  }

  mutating func query(_ businesses: [ModelBusiness]) -> [String: String] {
    func part(_ text: String, _ random: inout RunRandom) -> String? {
      let scalars = Array(text.unicodeScalars)
      let from = random.below(max(1, scalars.count - 1))
      let part = scalars[from...].prefix(2 + random.below(3)).map { String($0) }.joined()
      let isTrimmed =
        part.unicodeScalars.first?.properties.isWhitespace == false
        && part.unicodeScalars.last?.properties.isWhitespace == false
      return part.unicodeScalars.count > 1 && isTrimmed ? part : nil
    }
    let one = pick(businesses)
    var query: [String: String] = [:]
    if chance(20) { query["ban"] = String(one.ban.prefix(1 + random.below(8))) }
    if chance(30) { query["name"] = part(one.name, &random) }
    if chance(25), let address = one.address { query["address"] = part(address, &random) }
    if chance(20) { query["type"] = pick(Self.types) }
    if chance(20) { query["invoice"] = pick(["yes", "no", "unknown"]) }
    if chance(25) {
      query["industry"] = String((one.industries.first { $0.first != "A" } ?? "47").prefix(1 + random.below(6)))
    }
    if chance(20) { query["city"] = pick(Self.cities) }
    if chance(20) { query["capital_min"] = "\(pick([0, 1, 150_000]))" }
    if chance(20) { query["capital_max"] = "\(pick([150_000, 200_000, Int.max]))" }
    if chance(20) { query["head_office"] = pick(["any", "none", one.headOffice ?? one.ban]) }
    query["sort"] = pick(RegistrationSort.allCases).rawValue
    query["order"] = pick(["asc", "desc"])
    return query
  }
}

extension String {
  /// Eight digits that begin with these.
  fileprivate func padded(with random: inout RunRandom) -> String {
    self + (0..<(8 - count)).map { _ in "\(random.below(10))" }.joined()
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
