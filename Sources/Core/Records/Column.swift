/// The columns of the source that the registry knows, in the published order. This is their only declaration: header
/// check, rows, content hash, tables, change feed, correction sheet, search and API are derived from it.
///
/// ARCHITECTURE.md has the steps to add a column.
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

  /// The longest accepted value, in Unicode scalars; nil if another rule validates the value.
  public var scalarsMax: Int? { Self.declarations[rawValue].scalarsMax }

  /// The columns of `tax_registration` that store it. Industries have their own table.
  public var stored: [StoredColumn] { Self.declarations[rawValue].stored }

  /// The warning about an accepted record in which this column's value does not fit. A column has one such warning.
  var warning: FindingCode? {
    Self.industryCodes.contains(self) ? .invalidIndustryCode : stored.lazy.compactMap(\.warning).first
  }

  /// Finds the column with a header name. Compares byte for byte: `==` on strings would accept a compatibility
  /// ideograph for the character that it looks like.
  init?(name: String) {
    guard let column = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = column
  }

  /// Columns that a registration cannot do without.
  static let required = allCases.filter { declarations[$0.rawValue].isRequired }

  /// The four slots for industries, in order.
  public static let industrySlots = 1...4
  private static let industryCodes = industrySlots.map { industry($0).code }

  /// The columns of a slot's code and name.
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

/// A column of `tax_registration` that is derived from a column of the source.
public struct StoredColumn: Sendable {
  /// The form in which a value is stored. A missing value is NULL.
  public enum Form: Sendable {
    case text
    /// A whole amount; NULL if it is not one.
    case amount
    /// The date that the digits give in the ROC calendar; NULL if they give none.
    case date
    /// Y or N as a truth value; NULL if it is neither.
    case flag

    /// The type of the column in the database.
    public var sqlType: String {
      switch self {
      case .text: "text"
      case .amount: "bigint"
      case .date: "date"
      case .flag: "boolean"
      }
    }
  }

  /// An additional check of a text.
  enum Check {
    case none
    /// The last digit must be the check digit. The value is stored in any case.
    case checkDigit
    /// The value must be eight digits. Otherwise NULL is stored.
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
  /// The warning about a record whose value does not fit.
  let warning: FindingCode?

  init(_ name: String, _ form: Form, _ check: Check = .none, warning: FindingCode? = nil) {
    self.name = name
    self.form = form
    self.check = check
    self.warning = warning
  }

  /// The source's columns in the order in which a row stores them: the published order, except that the key (the BAN),
  /// the headquarters and the name come first.
  static let sources =
    [.ban, .headquarters, .name] + Column.allCases.filter { ![.ban, .headquarters, .name].contains($0) }

  /// The columns of a row of `registrations.tsv`, in order, without the content hash, which follows them and covers
  /// them.
  public static let all = sources.flatMap(\.stored)
}
