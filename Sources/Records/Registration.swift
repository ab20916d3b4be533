/// An accepted record: its values, and the warnings that they earned.
struct Registration {
  let ban: UInt32
  let banValue: Value
  let headquarters: Value
  let name: Value
  let address: Value
  /// Nil where it is missing or no amount.
  let capital: Int64?
  /// As published.
  let setupDateText: Value
  let setupDate: ROCDate?
  let type: Value
  let usesInvoices: Bool?
  let industries: [Industry]
  let repeatedIndustryCodes: Int
  let industryNamesWithoutCode: Int
  private(set) var warnings: [(FindingCode, Column?)] = []

  /// One row of business_industry.
  struct Industry {
    /// 1 to 4.
    let slot: UInt8
    let code: Value
    let name: Value
  }

  init(_ record: RecordFields, number: UInt32, ban: Value) {
    let base = record.base
    self.ban = number
    banValue = ban
    name = record[.name]
    address = record[.address]
    type = record[.type]
    if !BAN.checks(base + ban.span.start) { warnings.append((.banChecksum, .ban)) }

    let head = record[.headquarters]
    if head.isMissing || BAN.number(base, head.span) != nil {
      headquarters = head
    } else {
      headquarters = .missing
      warnings.append((.invalidHeadquartersBAN, .headquarters))
    }

    let amount = record[.capital]
    capital = amount.isMissing ? nil : Capital.amount(base, amount.span)
    if capital == nil, !amount.isMissing { warnings.append((.invalidCapital, .capital)) }

    setupDateText = record[.setupDate]
    setupDate = setupDateText.isMissing ? nil : ROCDate(base, setupDateText.span)
    if setupDate == nil, !setupDateText.isMissing { warnings.append((.invalidDate, .setupDate)) }

    let flag = record[.invoice]
    let letter = flag.span.count == 1 ? base[flag.span.start] | 0x20 : 0
    usesInvoices = letter == UInt8(ascii: "y") ? true : letter == UInt8(ascii: "n") ? false : nil
    if usesInvoices == nil, !flag.isMissing { warnings.append((.invalidInvoiceFlag, .invoice)) }

    var industries: [Industry] = []
    var repeated = 0
    var withoutCode = 0
    for (index, slot) in Column.industrySlots.enumerated() {
      let code = record[slot.code]
      let name = record[slot.name]
      if code.isMissing {
        if !name.isMissing { withoutCode += 1 }
        continue
      }
      if industries.contains(where: { Self.same($0.code, code, base) }) {
        repeated += 1
        continue
      }
      industries.append(Industry(slot: UInt8(index + 1), code: code, name: name))
      if !Self.isIndustryCode(base, code.span) { warnings.append((.invalidIndustryCode, slot.code)) }
    }
    self.industries = industries
    repeatedIndustryCodes = repeated
    industryNamesWithoutCode = withoutCode
  }

  private static func isIndustryCode(_ base: UnsafePointer<UInt8>, _ span: Span) -> Bool {
    guard span.count == 6 else { return false }
    for index in span.start..<span.end where base[index].digit > 9 { return false }
    return true
  }

  /// Whether two values are the same text: what the source writes as `""` in a quoted field is one quote.
  private static func same(_ a: Value, _ b: Value, _ base: UnsafePointer<UInt8>) -> Bool {
    var i = a.span.start
    var j = b.span.start
    while i < a.span.end, j < b.span.end {
      guard base[i] == base[j] else { return false }
      i += a.escaped && base[i] == .quote ? 2 : 1
      j += b.escaped && base[j] == .quote ? 2 : 1
    }
    return i == a.span.end && j == b.span.end
  }
}

extension ChunkJudge {
  /// The COPY rows of an accepted record, the hash of them all as the last column of the first.
  mutating func write(_ registration: Registration, of base: UnsafePointer<UInt8>) {
    tally.repeatedIndustryCodes += registration.repeatedIndustryCodes
    tally.industryNamesWithoutCode += registration.industryNamesWithoutCode
    let start = rows.count
    rows.append(registration.banValue, of: base)
    rows.append(.tab)
    rows.append(registration.headquarters, of: base)
    rows.append(.tab)
    rows.append(registration.name, of: base)
    rows.append(.tab)
    rows.append(registration.address, of: base)
    rows.append(.tab)
    if let capital = registration.capital { rows.append(decimal: capital) } else { rows.appendNull() }
    rows.append(.tab)
    rows.append(registration.setupDateText, of: base)
    rows.append(.tab)
    if let date = registration.setupDate { rows.append(date) } else { rows.appendNull() }
    rows.append(.tab)
    rows.append(registration.type, of: base)
    rows.append(.tab)
    if let flag = registration.usesInvoices {
      rows.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    } else {
      rows.appendNull()
    }

    let industryStart = industryRows.count
    for industry in registration.industries {
      industryRows.append(registration.banValue, of: base)
      industryRows.append(.tab)
      industryRows.append(industry.code, of: base)
      industryRows.append(.tab)
      industryRows.append(industry.name, of: base)
      industryRows.append(.tab)
      industryRows.append(.zero + industry.slot)
      industryRows.append(.lineFeed)
      tally.industries += 1
    }
    let hash = ContentHash.of(
      rows.pointer(at: start), rows.count - start, industryRows.pointer(at: industryStart),
      industryRows.count - industryStart)
    rows.append(.tab)
    rows.append(decimal: hash)
    rows.append(.lineFeed)
  }
}
