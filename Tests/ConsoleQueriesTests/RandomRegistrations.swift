import ConsoleQueries
import SeededRandom

/// Generates random businesses and searches with values that are hard to handle.
struct ModelDice {
  var random: SeededRandom
  static let types = ["獨資", "有限公司", "股份有限公司", "其他%"]
  static let cities = ["臺北市", "台北市", "台中市", "新北市", "連江縣"]
  private static let starts = [
    "甲", "=", "+", "-", "@", "＝", "＋", "－", "＠", "a", "台", "'", "NA", "5", "\\", "0",
  ]
  private static let pieces = [
    "台", "臺", "a", "A", "ａ", "Ａ", "5", "５", "%", "_", "\\", "'", "\"", "甲", "乙", "公司", "𠮷", "＝", "－", "=", "-", "@",
    ",", "\n", " ", "中",
  ]

  init() { random = SeededRandom() }

  mutating func chance(_ percent: Int) -> Bool { random.chance(percent) }
  mutating func pick<Element>(_ choices: [Element]) -> Element { random.pick(choices) }

  /// Returns a random text without white space at its ends, because the rules trim it.
  mutating func text(_ most: Int) -> String {
    let middle = (0..<random.below(most)).map { _ in pick(Self.pieces) }.joined()
    return pick(Self.starts) + middle + pick(["司", "%", "_", "號", "5"])
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
    func part(_ text: String, _ random: inout SeededRandom) -> String? {
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
  /// Returns eight digits that begin with this text.
  fileprivate func padded(with random: inout SeededRandom) -> String {
    self + (0..<(8 - count)).map { _ in "\(random.below(10))" }.joined()
  }
}
