/// The conditions and the order of a search.
public struct RegistrationQuery: Sendable, Equatable {
  /// Whether a business uses uniform invoices.
  public enum Invoice: String, Sendable, CaseIterable { case yes, no, unknown }

  /// A condition on the head office.
  public enum HeadOffice: Sendable, Equatable {
    /// Is a branch of this business.
    case of(BAN)
    /// Has a head office.
    case any
    case none
  }

  /// What the user typed into the search box.
  public private(set) var text: SearchText?
  /// A BAN, or with fewer than eight digits its beginning.
  public private(set) var ban: String?
  /// A text that the name contains. The width of characters, 台 or 臺, and the case of a to z are ignored.
  public private(set) var name: String?
  /// The same for the address.
  public private(set) var address: String?
  /// The kind of organisation, as published.
  public private(set) var type: String?
  public private(set) var invoice: Invoice?
  /// An industry code, or with fewer than six digits its beginning; or a part of the names of industries.
  public private(set) var industry: String?
  /// City or county: the first three characters of the address. 台 and 臺 are equal.
  public private(set) var city: String?
  /// In TWD.
  public private(set) var capitalMin: Int64?
  public private(set) var capitalMax: Int64?
  public private(set) var headOffice: HeadOffice?
  public private(set) var sort = RegistrationSort.ban
  public private(set) var descends = false

  /// The names of the parameters, in the order of ``parameters``.
  public static let names = [
    "q", "ban", "name", "address", "type", "invoice", "industry", "city", "capital_min", "capital_max", "head_office",
    "sort",
    "order",
  ]

  enum Order: String { case asc, desc }

  /// Creates a query for all businesses, sorted by BAN.
  public init() {}

  /// Parses a query.
  ///
  /// - Parameter values: by name, as in a form or a URL. An empty value counts as missing; unknown names are ignored.
  public init(_ values: [String: String]) throws(QueryProblem) {
    let values = QueryValues(values: values)
    if let typed = values.text("q") { text = try SearchText(typed) }
    ban = try values.digits("ban", upTo: 8, .banStart)
    name = try values.part("name", upTo: 255)
    address = try values.part("address", upTo: 500)
    if let text = values.text("type") { type = try values.bounded("type", text, upTo: 50) }
    invoice = try values.choice("invoice")
    if let text = values.text("industry") { industry = try Self.industry(text) }
    city = try values.city("city")
    capitalMin = try values.amount("capital_min")
    capitalMax = try values.amount("capital_max")
    if let capitalMin, let capitalMax, capitalMin > capitalMax { throw QueryProblem("capital_max", .range) }
    if let text = values.text("head_office") { headOffice = try Self.headOffice(text) }
    sort = try values.choice("sort") ?? .relevance
    if text == nil, sort == .relevance { sort = .ban }
    let order: Order? = try values.choice("order")
    descends = order == .desc
  }

  /// Returns the digits of `562099` and of `562099 咖啡館`, or the text if it begins with none.
  private static func industry(_ text: String) throws(QueryProblem) -> String {
    let folded = SearchText.folded(text)
    let digits = folded.prefix { $0.isASCII && $0.isNumber }
    if digits.isEmpty {
      guard folded.unicodeScalars.count > 1 else { throw QueryProblem("industry", .tooShort) }
      return try QueryValues(values: [:]).bounded("industry", folded, upTo: 100)
    }
    guard digits.count <= 6, digits.count == folded.count || folded[digits.endIndex...].hasPrefix(" ") else {
      throw QueryProblem("industry", .industry)
    }
    return String(digits)
  }

  private static func headOffice(_ text: String) throws(QueryProblem) -> HeadOffice {
    switch text {
    case "any": return .any
    case "none": return .none
    default:
      guard let ban = BAN(text) else { throw QueryProblem("head_office", .ban) }
      return .of(ban)
    }
  }

  /// The texts of this query, for the name of a file.
  public var fileWords: [String] { [text?.typed, ban, name, address, type, industry, city].compactMap(\.self) }

  /// The parameters of this query, for links. Default values are left out.
  public var parameters: [(name: String, value: String)] {
    let headOffice =
      switch headOffice {
      case .of(let ban): ban.text
      case .any: "any"
      case .some(.none): "none"
      case nil: String?.none
      }
    let values = [
      text?.typed, ban, name, address, type, invoice?.rawValue, industry, city, capitalMin.map(String.init),
      capitalMax.map(String.init),
      headOffice, sort == (text == nil ? .ban : .relevance) ? nil : sort.rawValue, descends ? Order.desc.rawValue : nil,
    ]
    return zip(Self.names, values).compactMap { name, value in value.map { (name, $0) } }
  }
}
