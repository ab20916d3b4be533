/// What can be said of a record. The raw value's order is the order in which findings of one record are listed.
public enum FindingCode: Int, CaseIterable, Sendable {
  // Rejections: the first that applies.
  case malformedQuote, recordTooLong, invalidEncoding, fieldCount, invalidBAN, missingName, valueTooLong, duplicate
  // Warnings: the record is accepted all the same.
  case banChecksum, invalidHeadquartersBAN, invalidCapital, invalidDate, invalidInvoiceFlag, invalidIndustryCode
  // A warning that concerns no record.
  case unreadableStamp

  /// The code as users read it.
  public var code: String {
    switch self {
    case .malformedQuote: "MALFORMED_QUOTE"
    case .recordTooLong: "RECORD_TOO_LONG"
    case .invalidEncoding: "INVALID_ENCODING"
    case .fieldCount: "FIELD_COUNT"
    case .invalidBAN: "INVALID_BAN"
    case .missingName: "MISSING_NAME"
    case .valueTooLong: "VALUE_TOO_LONG"
    case .duplicate: "DUPLICATE"
    case .banChecksum: "BAN_CHECKSUM"
    case .invalidHeadquartersBAN: "INVALID_HEADQUARTERS_BAN"
    case .invalidCapital: "INVALID_CAPITAL"
    case .invalidDate: "INVALID_DATE"
    case .invalidInvoiceFlag: "INVALID_INVOICE_FLAG"
    case .invalidIndustryCode: "INVALID_INDUSTRY_CODE"
    case .unreadableStamp: "UNREADABLE_STAMP"
    }
  }

  /// The code that users write so, or nil.
  public init?(code: String) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }

  public var isRejection: Bool { rawValue <= FindingCode.duplicate.rawValue }

  public var severity: String { isRejection ? "error" : "warning" }

  /// What is wrong, and what became of it. It depends on nothing outside the record, so that findings are the same
  /// however the source was cut.
  public var message: String {
    switch self {
    case .malformedQuote:
      "a quoted field does not end, or something stands behind its closing quote; the line is skipped"
    case .recordTooLong: "the record does not end within 65,536 bytes; the line is skipped"
    case .invalidEncoding: "not valid UTF-8, or a NUL byte"
    case .fieldCount: "not as many fields as the header"
    case .invalidBAN: "not exactly eight ASCII digits"
    case .missingName: "the name is missing"
    case .valueTooLong: "longer than the column accepts"
    case .duplicate: "this BAN was accepted earlier in the snapshot"
    case .banChecksum: "the check digit is wrong; stored as it is"
    case .invalidHeadquartersBAN: "not exactly eight ASCII digits; stored as NULL"
    case .invalidCapital: "not a whole amount, or too large; stored as NULL"
    case .invalidDate: "not a date of the ROC calendar (YYYMMDD); setup_date is NULL"
    case .invalidInvoiceFlag: "neither Y nor N; stored as NULL"
    case .invalidIndustryCode: "not exactly six ASCII digits; stored as it is"
    case .unreadableStamp: "the row behind the header is no date DD-MON-YY: the source date is unknown; it is no record"
    }
  }
}

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
