import Records

/// One of the registry's two tables, as COPY and the initial load need it.
struct RegistryTable: Sendable {
  let name: String
  /// All columns.
  let columns: [String]
  /// Columns of the TSV, in its order.
  let copied: [String]
  /// Constraints that the migrations make. Others are the user's.
  let constraints: [String]

  /// The new table that an initial load or a rebuild fills.
  var bulkName: String { name + "_bulk" }

  var copyList: String { copied.joined(separator: ", ") }

  static let registration = RegistryTable(
    name: "tax_registration",
    columns: fromSource + ["data_source_date", "created_at", "updated_at", "content_hash"],
    copied: fromSource + ["content_hash"],
    constraints: ["tax_registration_pkey"])

  static let industry = RegistryTable(
    name: "business_industry",
    columns: ["business_id", "industry_code", "industry_name", "\"order\""],
    copied: ["business_id", "industry_code", "industry_name", "\"order\""],
    constraints: ["business_industry_pkey", foreignKey])

  /// The columns of tax_registration that come from the source; incoming_registration has them too.
  static let fromSource = StoredColumn.all.map(\.name)

  static let both = [registration, industry]
  static let foreignKey = "business_industry_business_id_fkey"
}
