/// How often a business has moved, was renamed and got another capital since day 0.
struct Revisions: Sendable {
  var address: UInt16 = 0
  var name: UInt16 = 0
  var capital: UInt16 = 0
}

/// All possible businesses. The one with index i is a pure function of the seed and i, so a day of any size is
/// generated without keeping businesses in memory.
struct Registry: Sendable {
  let seed: UInt64
  /// The latest setup date on day 0.
  let date: CalendarDate
  /// Number of businesses on day 0. Higher indices are set up later, `newPerDay` each day.
  let initial: Int
  let newPerDay: Int

  let bans: BANSpace
  let addresses: AddressMaker
  let names: NameMaker
  var organisations: OrganisationMaker { names.organisations }

  init(seed: UInt64, date: CalendarDate, initial: Int, newPerDay: Int) {
    self.seed = seed
    self.date = date
    self.initial = initial
    self.newPerDay = newPerDay
    bans = BANSpace(seed: seed)
    addresses = AddressMaker(seed: seed)
    names = NameMaker(seed: seed)
  }

  func ban(_ index: Int) -> String {
    var bytes: [UInt8] = []
    bans.appendBAN(index, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The capital (資本額) in dollars; nil if the registry leaves it blank. Consecutive revisions differ.
  func capital(_ index: Int, revision: Int) -> Int? {
    var random = RandomSource(seed: seed, .capital, index: index)
    var capital = initialCapital(organisations.organisation(of: index), &random)
    for step in 0..<revision {
      let old = capital ?? 0
      capital = old > 1_000_000_000_000 ? old / 3 + step : old * 2 + 1_000 * (1 + random.below(500))
    }
    return capital
  }

  private func initialCapital(_ organisation: Organisation, _ random: inout RandomSource) -> Int? {
    if organisation.isBranch { return 0 }
    if random.chance(20) { return nil }
    switch organisation {
    case .byShares:
      // Beyond 32 bits, like the largest real ones (a quarter of a trillion).
      if random.chance(150) { return 2_200_000_000 + random.below(270_000_000_000) }
      return 500_000 * (1 + random.below(random.chance(8_000) ? 60 : 2_000))
    case .limited, .limitedPartnership, .foreignBranch:
      return 100_000 * (1 + random.below(random.chance(8_000) ? 50 : 500))
    default:
      return random.chance(6_000) ? 1_000 * (1 + random.below(20)) : 10_000 * (1 + random.below(25))
    }
  }

  /// The day of setup (設立日期); nil if the registry leaves it blank.
  private func setupDate(_ index: Int) -> CalendarDate? {
    var random = RandomSource(seed: seed, .setupDate, index: index)
    if random.chance(20) { return nil }
    if index >= initial && index < BANSpace.dirtStart && newPerDay > 0 {
      return date.adding(days: (index - initial) / newPerDay + 1 - random.below(6))
    }
    // Squared: most businesses are young, and the oldest are 74 years old.
    let share = random.below(5_200)
    return date.adding(days: -(share * share / 1_000))
  }

  /// Appends a record from the comma after its address on, without its line end.
  func appendRest(_ index: Int, _ revisions: Revisions, _ industries: IndustryCodes, to bytes: inout [UInt8]) {
    let organisation = organisations.organisation(of: index)
    let comma = UInt8(ascii: ",")
    bytes.append(comma)
    bans.appendBAN(index, to: &bytes)
    bytes.append(comma)
    if organisation.isBranch { bans.appendBAN(organisations.headOffice(of: index), to: &bytes) }
    bytes.append(",\"")
    names.append(index, revision: Int(revisions.name), to: &bytes)
    bytes.append("\",")
    if let capital = capital(index, revision: Int(revisions.capital)) { bytes.append(number: capital) }
    bytes.append(comma)
    if let date = setupDate(index) { date.appendROC(to: &bytes) }
    bytes.append(comma)
    bytes.append(organisation.text)
    bytes.append(comma)
    bytes.append(usesInvoices(index, organisation) ? "Y" : "N")
    bytes.append(comma)
    industries.append(to: &bytes)
  }

  private func usesInvoices(_ index: Int, _ organisation: Organisation) -> Bool {
    var random = RandomSource(seed: seed, .invoice, index: index)
    return random.chance(organisation == .soleProprietorship ? 3_200 : 9_700)
  }
}
