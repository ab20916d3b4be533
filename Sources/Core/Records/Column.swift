/// The columns of the source that the registry knows, in the published order. Each is declared here and nowhere else:
/// header check, rows, content hash, tables, change feed, correction sheet, search and API are derived from it.
///
/// ARCHITECTURE.md says what goes with a new one.
public enum Column: Int, CaseIterable, Sendable {
  case address, ban, headquarters, name, capital, setupDate, type, invoice
  case industryCode1, industryName1, industryCode2, industryName2
  case industryCode3, industryName3, industryCode4, industryName4

  private var declaration: Declaration {
    switch self {
    case .address: Declaration("營業地址", scalarsMax: 500, .init("business_address", .text))
    case .ban: Declaration("統一編號", isRequired: true, .init("ban", .text, .checkDigit, warning: .banChecksum))
    case .headquarters:
      Declaration("總機構統一編號", .init("headquarters_ban", .text, .eightDigitsOrNull, warning: .invalidHeadquartersBAN))
    case .name: Declaration("營業人名稱", isRequired: true, scalarsMax: 255, .init("business_name", .text))
    case .capital: Declaration("資本額", .init("capital_amount", .amount, warning: .invalidCapital))
    case .setupDate:
      Declaration(
        "設立日期", scalarsMax: 20, .init("business_setup_date", .text), .init("setup_date", .date, warning: .invalidDate))
    case .type: Declaration("組織別名稱", scalarsMax: 50, .init("business_type", .text))
    case .invoice: Declaration("使用統一發票", .init("is_use_invoice", .flag, warning: .invalidInvoiceFlag))
    case .industryCode1: Declaration("行業代號", scalarsMax: 20)
    case .industryName1: Declaration("名稱", scalarsMax: 255)
    case .industryCode2: Declaration("行業代號1", scalarsMax: 20)
    case .industryName2: Declaration("名稱1", scalarsMax: 255)
    case .industryCode3: Declaration("行業代號2", scalarsMax: 20)
    case .industryName3: Declaration("名稱2", scalarsMax: 255)
    case .industryCode4: Declaration("行業代號3", scalarsMax: 20)
    case .industryName4: Declaration("名稱3", scalarsMax: 255)
    }
  }

  private struct Declaration {
    let name: String
    let isRequired: Bool
    let scalarsMax: Int?
    let stored: [StoredColumn]

    init(_ name: String, isRequired: Bool = false, scalarsMax: Int? = nil, _ stored: StoredColumn...) {
      self.name = name
      self.isRequired = isRequired
      self.scalarsMax = scalarsMax
      self.stored = stored
    }
  }

  private static let declarations = allCases.map(\.declaration)
  static let count = allCases.count

  /// The published header name.
  public var name: String { Self.declarations[rawValue].name }

  /// The longest value that is accepted, in Unicode scalars; nil where another rule validates the value.
  var scalarsMax: Int? { Self.declarations[rawValue].scalarsMax }

  /// What `tax_registration` has of it. Industries have a table of their own.
  public var stored: [StoredColumn] { Self.declarations[rawValue].stored }

  /// What an accepted record is warned of where this column's value does not fit. A column has one such warning.
  var warning: FindingCode? {
    Self.industryCodes.contains(self) ? .invalidIndustryCode : stored.lazy.compactMap(\.warning).first
  }

  /// The column that a header name means. Names are compared byte for byte: `==` on strings would take a compatibility
  /// ideograph for the character that it looks like.
  init?(name: String) {
    guard let column = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = column
  }

  /// A registration is nothing without these.
  static let required = allCases.filter { declarations[$0.rawValue].isRequired }

  /// The four slots for industries, in order.
  public static let industrySlots = 1...4
  private static let industryCodes = industrySlots.map { industry($0).code }

  /// The code's column of a slot; the name's follows it.
  @inline(__always)
  public static func industry(_ slot: Int) -> (code: Column, name: Column) {
    switch slot {
    case 1: (.industryCode1, .industryName1)
    case 2: (.industryCode2, .industryName2)
    case 3: (.industryCode3, .industryName3)
    default: (.industryCode4, .industryName4)
    }
  }
}

/// A column of `tax_registration` that is made of a source's column.
public struct StoredColumn: Sendable {
  /// As what a value is stored. What is missing is NULL.
  public enum Form: Sendable {
    case text
    /// A whole amount; NULL where it is none.
    case amount
    /// The date that the ROC calendar's digits say; NULL where they say none.
    case date
    /// Y or N as a truth value; NULL where it is neither.
    case flag
  }

  /// What is asked of a text besides.
  enum Check {
    case none
    /// Its last digit is right. It is stored as it is all the same.
    case checkDigit
    /// It is eight digits; NULL where it is not.
    case eightDigitsOrNull

    @inline(__always)
    func fits(_ value: FieldValue, of base: UnsafePointer<UInt8>) -> Bool {
      switch self {
      case .none: true
      case .checkDigit: BANRules.checks(base + value.span.start)
      case .eightDigitsOrNull: value.isDigits(8, base)
      }
    }
  }

  public let name: String
  public let form: Form
  let check: Check
  /// What a record is warned of whose value does not fit.
  let warning: FindingCode?

  init(_ name: String, _ form: Form, _ check: Check = .none, warning: FindingCode? = nil) {
    self.name = name
    self.form = form
    self.check = check
    self.warning = warning
  }

  /// The source's columns in the order in which a row has what is stored of them. That is the published order, but that
  /// the row's key and the business's names come first.
  static let sources =
    [.ban, .headquarters, .name] + Column.allCases.filter { ![.ban, .headquarters, .name].contains($0) }

  /// The columns of a row of `registrations.tsv` in their order, but for the content hash, which follows them and is
  /// made over them.
  public static let all = sources.flatMap(\.stored)
}
