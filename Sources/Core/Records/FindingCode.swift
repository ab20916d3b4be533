/// A kind of finding: its code, severity and text. `RecordRules` applies the rules and decides which records are
/// rejected. `docs/rules.md` explains them to users.
public enum FindingCode: Int, CaseIterable, Sendable {
  // Rejections. Only the first that applies is reported.
  case malformedQuote, recordTooLong, invalidEncoding, fieldCount, invalidBAN, missingName, valueTooLong, duplicate
  // Warnings. The record is accepted.
  case banChecksum, invalidHeadquartersBAN, invalidCapital, invalidDate, invalidInvoiceFlag, invalidIndustryCode
  // A warning that does not concern a record.
  case unreadableStamp

  private var declaration: (code: String, severity: Severity, message: String) {
    switch self {
    case .malformedQuote:
      (
        "MALFORMED_QUOTE", .error,
        "a quoted field does not end, or something stands behind its closing quote; the line is skipped"
      )
    case .recordTooLong: ("RECORD_TOO_LONG", .error, "the record does not end within 65,536 bytes; the line is skipped")
    case .invalidEncoding: ("INVALID_ENCODING", .error, "not valid UTF-8, or a NUL byte")
    case .fieldCount: ("FIELD_COUNT", .error, "not as many fields as the header")
    case .invalidBAN: ("INVALID_BAN", .error, "not exactly eight ASCII digits")
    case .missingName: ("MISSING_NAME", .error, "the name is missing")
    case .valueTooLong: ("VALUE_TOO_LONG", .error, "longer than the column accepts")
    case .duplicate: ("DUPLICATE", .error, "this BAN was accepted earlier in the snapshot")
    case .banChecksum: ("BAN_CHECKSUM", .warning, "the check digit is wrong; stored as it is")
    case .invalidHeadquartersBAN:
      ("INVALID_HEADQUARTERS_BAN", .warning, "not exactly eight ASCII digits; stored as NULL")
    case .invalidCapital: ("INVALID_CAPITAL", .warning, "not a whole amount, or too large; stored as NULL")
    case .invalidDate:
      ("INVALID_DATE", .warning, "not a date of the ROC calendar (YYYMMDD); setup_date is NULL")
    case .invalidInvoiceFlag: ("INVALID_INVOICE_FLAG", .warning, "neither Y nor N; stored as NULL")
    case .invalidIndustryCode:
      ("INVALID_INDUSTRY_CODE", .warning, "not exactly six ASCII digits; stored as it is")
    case .unreadableStamp:
      (
        "UNREADABLE_STAMP", .warning,
        "the row behind the header is no date DD-MON-YY: the source date is unknown; it is no record"
      )
    }
  }

  /// The effect of a finding on its record: `error` rejects it, `warning` does not.
  private enum Severity: String { case error, warning }

  /// The code as users see it.
  public var code: String { declaration.code }

  public var severity: String { declaration.severity.rawValue }

  public var isRejection: Bool { declaration.severity == .error }

  /// What is wrong, and what is stored. It depends on the record alone, so that findings do not depend on how the
  /// source was split.
  public var message: String { declaration.message }

  /// Finds the code with this name; nil if there is none.
  public init?(code: String) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}

/// The columns of an accepted record that have warnings.
struct Warnings {
  private var columns: UInt64 = 0

  var isEmpty: Bool { columns == 0 }

  @inline(__always)
  mutating func insert(_ column: Column) { columns |= 1 << UInt64(column.rawValue) }

  /// Calls `body` for each, in the published order of columns, in which a record's findings are listed.
  func forEach(_ body: (FindingCode, Column?) -> Void) {
    for column in Column.allCases where columns & 1 << UInt64(column.rawValue) != 0 {
      if let code = column.warning { body(code, column) }
    }
  }
}
