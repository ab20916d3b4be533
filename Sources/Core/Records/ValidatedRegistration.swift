/// What the rules make of an accepted record. Its texts stay where they are, in the record's values.
struct ValidatedRegistration {
  let ban: UInt32
  /// Nil where it is missing or no amount.
  let capital: Int64?
  let setupDate: ROCDate?
  let usesInvoices: Bool?
  private(set) var warnings: Warnings = []
  private var slots: UInt8 = 0
  private(set) var repeatedIndustryCodes = 0
  private(set) var industryNamesWithoutCode = 0

  @inline(__always)
  init(_ values: borrowing RecordValues, of base: UnsafePointer<UInt8>, number: UInt32) {
    ban = number
    if !BANRules.checks(base + values[.ban].span.start) { warnings.insert(.banChecksum) }

    let head = values[.headquarters]
    if !head.isMissing, BANRules.number(base, head.span) == nil { warnings.insert(.headquartersBAN) }

    let amount = values[.capital]
    capital = amount.isMissing ? nil : Capital.amount(base, amount.span)
    if capital == nil, !amount.isMissing { warnings.insert(.capital) }

    let date = values[.setupDate]
    setupDate = date.isMissing ? nil : ROCDate(base, date.span)
    if setupDate == nil, !date.isMissing { warnings.insert(.date) }

    let flag = values[.invoice]
    let letter = flag.span.count == 1 ? base[flag.span.start] | 0x20 : 0
    usesInvoices = letter == UInt8(ascii: "y") ? true : letter == UInt8(ascii: "n") ? false : nil
    if usesInvoices == nil, !flag.isMissing { warnings.insert(.invoiceFlag) }

    for slot in Column.industrySlots {
      let column = Column.industry(slot)
      let code = values[column.code]
      if code.isMissing {
        if !values[column.name].isMissing { industryNamesWithoutCode += 1 }
      } else if isRepeated(code, before: slot, values, base) {
        repeatedIndustryCodes += 1
      } else {
        slots |= 1 << UInt8(slot)
        if !Self.isIndustryCode(base, code.span) { warnings.insert(.industryCode(slot)) }
      }
    }
  }

  /// Whether the slot, 1 to 4, gives a row of business_industry.
  @inline(__always)
  func hasIndustry(_ slot: Int) -> Bool { slots & 1 << UInt8(slot) != 0 }

  @inline(__always)
  private func isRepeated(
    _ code: FieldValue, before slot: Int, _ values: borrowing RecordValues, _ base: UnsafePointer<UInt8>
  ) -> Bool {
    for earlier in 1..<slot where hasIndustry(earlier) {
      if Self.same(values[Column.industry(earlier).code], code, base) { return true }
    }
    return false
  }

  private static func isIndustryCode(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> Bool {
    guard span.count == 6 else { return false }
    for index in span.start..<span.end where base[index].digit > 9 { return false }
    return true
  }

  /// Whether two values are the same text: what the source writes as `""` in a quoted field is one quote.
  private static func same(_ a: FieldValue, _ b: FieldValue, _ base: UnsafePointer<UInt8>) -> Bool {
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
