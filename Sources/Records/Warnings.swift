/// The warnings that an accepted record earned.
struct Warnings: OptionSet {
  let rawValue: UInt16

  static let banChecksum = Warnings(rawValue: 1 << 0)
  static let headquartersBAN = Warnings(rawValue: 1 << 1)
  static let capital = Warnings(rawValue: 1 << 2)
  static let date = Warnings(rawValue: 1 << 3)
  static let invoiceFlag = Warnings(rawValue: 1 << 4)

  /// - Parameter slot: 1 to 4.
  static func industryCode(_ slot: Int) -> Warnings { Warnings(rawValue: 1 << (4 + UInt16(slot))) }

  /// Hands each on in the order in which findings of one record are listed.
  func forEach(_ body: (FindingCode, Column?) -> Void) {
    if contains(.banChecksum) { body(.banChecksum, .ban) }
    if contains(.headquartersBAN) { body(.invalidHeadquartersBAN, .headquarters) }
    if contains(.capital) { body(.invalidCapital, .capital) }
    if contains(.date) { body(.invalidDate, .setupDate) }
    if contains(.invoiceFlag) { body(.invalidInvoiceFlag, .invoice) }
    for slot in Column.industrySlots where contains(.industryCode(slot)) {
      body(.invalidIndustryCode, Column.industry(slot).code)
    }
  }
}
