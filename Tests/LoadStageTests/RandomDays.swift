import SeededRandom
import TestSupport

/// Generates consecutive days of a small set of businesses.
struct RandomDays {
  var random: SeededRandom
  private let universe = (0..<90).map { String(10_000_000 + $0 * 37) } + ["00000000", "00501503", "99999999"]

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  var bans: [String] { universe }

  mutating func first() -> RegistryModel.State {
    var state: RegistryModel.State = [:]
    for ban in universe.shuffled(using: &random).prefix(random.number(1...60)) { state[ban] = business(ban) }
    return state
  }

  /// Returns the next day.
  ///
  /// - Parameter former: former states of businesses; a business that returns may get its former state.
  mutating func day(after state: RegistryModel.State, former: RegistryModel.State) -> RegistryModel.State {
    // From a day without changes to one that changes almost everything.
    let (vanishing, changing, appearing) = random.pick([(0, 0, 0), (2, 3, 2), (10, 10, 10), (20, 40, 20), (60, 95, 30)])
    var next: RegistryModel.State = [:]
    for ban in universe {
      if var business = state[ban] {
        if random.chance(vanishing) { continue }
        if random.chance(changing) { for _ in 1...random.number(1...3) { change(&business) } }
        next[ban] = business
      } else if next.count < 60, random.chance(appearing) {
        next[ban] = random.chance(50) ? former[ban] ?? business(ban) : business(ban)
      }
    }
    return next
  }

  /// Returns some businesses, of the day's and others.
  mutating func some(of state: RegistryModel.State) -> RegistryModel.State {
    var some: RegistryModel.State = [:]
    for ban in universe where random.chance(15) {
      var business = state[ban] ?? business(ban)
      if random.chance(50) { change(&business) }
      some[ban] = business
    }
    return some
  }

  private mutating func business(_ ban: String) -> Business {
    var business = Business(ban, random.pick(names))
    for _ in 0..<random.number(0...4) { change(&business) }
    return business
  }

  private let names = ["第一商店", "第二商店", "a\\b", "\\N", "行\n列", "欄\t位", "\u{8}\u{B}\u{C}\r", " ", "\"x\",'y'", "𠮷野家"]
  private let codes = ["471913", "472913", "561112", "000000", "631211", "x"]

  /// Changes one column, perhaps to the same value.
  private mutating func change(_ business: inout Business) {
    switch random.number(1...9) {
    case 1: business.name = random.pick(names)
    case 2:
      business.address = random.pick([
        nil, "臺北市信義區市府路１號", "高雄市", "台南市\\東區", "", "新竹市東　區科園里", "高雄市前鎮區", "屏東縣三地門鄉", "台東縣台東市",
      ])
    case 3: business.capital = random.pick([nil, 0, 100_000, Int.max, Int.min])
    case 4: business.headquarters = random.pick([nil, "10000000", business.ban])
    case 5: business.type = random.pick([nil, "獨資", "股份有限公司"])
    case 6: business.invoice = random.pick([nil, true, false])
    case 7: (business.setupDateText, business.setupDate) = random.pick(setupDates)
    default: changeIndustries(&business)
    }
  }

  private let setupDates: [(String?, String?)] = [
    (nil, nil), ("1040413", "2015-04-13"), ("0010101", "1912-01-01"), ("1040431", nil),
  ]

  private mutating func changeIndustries(_ business: inout Business) {
    switch random.number(1...6) {
    case 1: business.industries.shuffle(using: &random)
    case 2: business.industries = []
    case 3: business.industries = Array(business.industries.dropFirst())
    case 4:
      let code = random.pick(codes)
      if business.industries.count < 4, !business.industries.contains(code) { business.industries.append(code) }
    case 5: if business.industries.count < 4 { business.industries.insert("", at: 0) }
    default:
      guard let code = business.industries.last, !code.isEmpty else { return }
      business.industryNames[code] = random.pick(["改名", nil])
    }
  }
}
