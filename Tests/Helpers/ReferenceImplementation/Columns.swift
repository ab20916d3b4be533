/// A column of the source.
struct KnownColumn {
  var name: String
  /// The maximum length of a value in scalars; nil if another rule defines valid values.
  var limit: Int?
  /// The column that stores the value unchanged; nil if the value is converted.
  var text: String?
}

/// The columns of the source, in the published order.
let knownColumns = [
  KnownColumn(name: "營業地址", limit: 500, text: "business_address"),
  KnownColumn(name: "統一編號"),
  KnownColumn(name: "總機構統一編號"),
  KnownColumn(name: "營業人名稱", limit: 255, text: "business_name"),
  KnownColumn(name: "資本額"),
  KnownColumn(name: "設立日期", limit: 20, text: "business_setup_date"),
  KnownColumn(name: "組織別名稱", limit: 50, text: "business_type"),
  KnownColumn(name: "使用統一發票"),
  KnownColumn(name: "行業代號", limit: 20),
  KnownColumn(name: "名稱", limit: 255),
  KnownColumn(name: "行業代號1", limit: 20),
  KnownColumn(name: "名稱1", limit: 255),
  KnownColumn(name: "行業代號2", limit: 20),
  KnownColumn(name: "名稱2", limit: 255),
  KnownColumn(name: "行業代號3", limit: 20),
  KnownColumn(name: "名稱3", limit: 255),
]

public let publishedColumns = knownColumns.map(\.name)

extension ReferenceRegistration {
  /// The columns of a row, in order.
  public static let columns = [
    "ban", "headquarters_ban", "business_name", "business_address", "capital_amount", "business_setup_date",
    "setup_date", "business_type", "is_use_invoice",
  ]
}
