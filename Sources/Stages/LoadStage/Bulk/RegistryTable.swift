/// The registry's two tables, as COPY and the bulk way need them.
struct RegistryTable: Sendable {
  let name: String
  /// All columns in order, those that a TSV gives first among them marked.
  let columns: [String]
  /// Columns of the TSV, in its order.
  let copied: [String]
  /// Constraints that the migrations make: whatever else hangs on the table is somebody's own.
  let constraints: [String]

  /// Where the bulk way gathers the rows.
  var bulkName: String { name + "_bulk" }

  var copyList: String { copied.joined(separator: ", ") }

  static let registration = RegistryTable(
    name: "tax_registration",
    columns: [
      "ban", "headquarters_ban", "business_name", "business_address", "capital_amount", "business_setup_date",
      "setup_date", "business_type", "is_use_invoice", "data_source_date", "created_at", "updated_at", "content_hash",
    ],
    copied: [
      "ban", "headquarters_ban", "business_name", "business_address", "capital_amount", "business_setup_date",
      "setup_date", "business_type", "is_use_invoice", "content_hash",
    ],
    constraints: ["tax_registration_pkey"])

  static let industry = RegistryTable(
    name: "business_industry",
    columns: ["business_id", "industry_code", "industry_name", "\"order\""],
    copied: ["business_id", "industry_code", "industry_name", "\"order\""],
    constraints: ["business_industry_pkey", foreignKey])

  static let both = [registration, industry]
  static let foreignKey = "business_industry_business_id_fkey"
}
