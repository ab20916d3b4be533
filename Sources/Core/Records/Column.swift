/// The columns that the registry knows, in the published order.
public enum Column: Int, CaseIterable, Sendable {
  case address, ban, headquarters, name, capital, setupDate, type, invoice
  case industryCode1, industryName1, industryCode2, industryName2
  case industryCode3, industryName3, industryCode4, industryName4

  static var count: Int { industryName4.rawValue + 1 }

  /// The published header name.
  public var name: String { Self.names[rawValue] }

  /// The column that a header name means. Names are compared byte for byte: `==` on strings would take a compatibility
  /// ideograph for the character that it looks like.
  init?(name: String) {
    guard let index = Self.names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else { return nil }
    self.init(rawValue: index)
  }

  private static let names = [
    "營業地址", "統一編號", "總機構統一編號", "營業人名稱", "資本額", "設立日期", "組織別名稱", "使用統一發票",
    "行業代號", "名稱", "行業代號1", "名稱1", "行業代號2", "名稱2", "行業代號3", "名稱3",
  ]

  /// A registration is nothing without these.
  static let required: [Column] = [.ban, .name]

  /// The four slots for industries, in order.
  static let industrySlots = 1...4

  /// The code's column of a slot; the name's follows it.
  @inline(__always)
  static func industry(_ slot: Int) -> (code: Column, name: Column) {
    switch slot {
    case 1: (.industryCode1, .industryName1)
    case 2: (.industryCode2, .industryName2)
    case 3: (.industryCode3, .industryName3)
    default: (.industryCode4, .industryName4)
    }
  }

  /// No column's ``scalarsMax`` is less.
  static let shortestBound = 20

  /// The longest value that is accepted, in Unicode scalars; nil where another rule validates the value.
  var scalarsMax: Int? {
    switch self {
    case .name, .industryName1, .industryName2, .industryName3, .industryName4: 255
    case .address: 500
    case .type: 50
    case .setupDate, .industryCode1, .industryCode2, .industryCode3, .industryCode4: 20
    case .ban, .headquarters, .capital, .invoice: nil
    }
  }
}
