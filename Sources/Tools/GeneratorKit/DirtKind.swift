/// A kind of dirty record: a rejection, a warning, a blank record, or one that only looks bad. For rejections and
/// warnings, the raw value is the code that a correct reader reports.
public enum DirtKind: String, CaseIterable, Sendable {
  case malformedQuote = "MALFORMED_QUOTE"
  case recordTooLong = "RECORD_TOO_LONG"
  case blank = "BLANK"
  case invalidEncoding = "INVALID_ENCODING"
  case fieldCount = "FIELD_COUNT"
  case invalidBAN = "INVALID_BAN"
  case missingName = "MISSING_NAME"
  case valueTooLong = "VALUE_TOO_LONG"
  case duplicate = "DUPLICATE"
  case banChecksum = "BAN_CHECKSUM"
  case invalidHeadquartersBAN = "INVALID_HEADQUARTERS_BAN"
  case invalidCapital = "INVALID_CAPITAL"
  case invalidDate = "INVALID_DATE"
  case invalidInvoiceFlag = "INVALID_INVOICE_FLAG"
  case invalidIndustryCode = "INVALID_INDUSTRY_CODE"
  /// Valid by the rules, but made to break a careless reader.
  case unusual = "UNUSUAL"

  /// Whether records of this kind are accepted.
  public var isAccepted: Bool {
    switch self {
    case .banChecksum, .invalidHeadquartersBAN, .invalidCapital, .invalidDate, .invalidInvoiceFlag,
      .invalidIndustryCode, .unusual:
      true
    default:
      false
    }
  }

  /// Number of variants of this kind.
  public var waysCount: Int { variants.count }

  /// The variants of this kind. The n-th record of a kind uses the n-th, beginning again after the last.
  var variants: [Variant] {
    switch self {
    case .malformedQuote: Structure.malformedQuote
    case .recordTooLong: Structure.recordTooLong
    case .blank: Structure.blank
    case .invalidEncoding: Structure.invalidEncoding
    case .fieldCount: Structure.fieldCount
    case .invalidBAN: Rejected.invalidBAN
    case .missingName: Rejected.missingName
    case .valueTooLong: Rejected.valueTooLong
    case .duplicate: Rejected.duplicate
    case .banChecksum: Warned.banChecksum
    case .invalidHeadquartersBAN: Warned.invalidHeadquartersBAN
    case .invalidCapital: Warned.invalidCapital
    case .invalidDate: Warned.invalidDate
    case .invalidInvoiceFlag: Warned.invalidInvoiceFlag
    case .invalidIndustryCode: Warned.invalidIndustryCode
    case .unusual: Unusual.all
    }
  }
}

/// The number of dirty records of each kind.
public struct DirtAmounts: Sendable, Equatable {
  /// Limit of the total: this many dirty records have BANs of their own.
  static let limit = 600_000

  private var amounts = [Int](repeating: 0, count: DirtKind.allCases.count)

  /// The same number of every kind.
  public init(ofEach count: Int = 0) {
    for kind in DirtKind.allCases { self[kind] = count }
  }

  /// Parses `25`, `INVALID_BAN=3,BLANK=2`, or both: `25,RECORD_TOO_LONG=0`.
  ///
  /// - Throws: ``InvalidOptions`` for any other text.
  public init(parsing text: String) throws {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard let last = sides.last, let count = Int(last), (0...DirtAmounts.limit).contains(count) else {
        throw InvalidOptions("'\(part)' is neither a number of records nor KIND=number (at most \(DirtAmounts.limit))")
      }
      switch sides.count {
      case 1:
        self = DirtAmounts(ofEach: count)
      case 2:
        guard let kind = DirtKind(rawValue: String(sides[0])) else {
          throw InvalidOptions(
            "there is no kind of dirt '\(sides[0])'; the kinds are \(DirtKind.allCases.map(\.rawValue).joined(separator: ", "))"
          )
        }
        self[kind] = count
      default:
        throw InvalidOptions("'\(part)' has more than one =")
      }
    }
  }

  /// The number of dirty records of one kind.
  public subscript(kind: DirtKind) -> Int {
    get { amounts[DirtAmounts.position(kind)] }
    set { amounts[DirtAmounts.position(kind)] = newValue }
  }

  /// The number of all dirty records.
  public var total: Int { amounts.reduce(0, +) }

  private static func position(_ kind: DirtKind) -> Int {
    DirtKind.allCases.firstIndex(of: kind) ?? 0
  }
}
