import Foundation
import TestCluster

/// A business as one JSON value, as the change feed and its SQL functions return it.
struct BusinessImage: Codable, Hashable {
  struct Industry: Codable, Hashable {
    var order: Int
    var industryCode: String
    var industryName: String?
  }

  var ban: String
  var headquartersBan: String?
  var businessName: String
  var businessAddress: String?
  var capitalAmount: Int?
  var businessSetupDate: String?
  var setupDate: String?
  var businessType: String?
  var isUseInvoice: Bool?
  var industries: [Industry]

  init(_ business: Business) {
    ban = business.ban
    headquartersBan = business.headquarters
    businessName = business.name
    businessAddress = business.address
    capitalAmount = business.capital
    businessSetupDate = business.setupDateText
    setupDate = business.setupDate
    businessType = business.type
    isUseInvoice = business.invoice
    industries = business.slots.map { Industry(order: $0.order, industryCode: $0.code, industryName: $0.name) }
  }

  init(json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Self.self, from: Data(json.utf8))
  }

  /// Returns the names of the columns that differ; industries count as one column.
  func differences(from other: BusinessImage) -> Set<String> {
    let columns: [(String, Bool)] = [
      ("headquarters_ban", headquartersBan == other.headquartersBan),
      ("business_name", businessName == other.businessName),
      ("business_address", businessAddress == other.businessAddress),
      ("capital_amount", capitalAmount == other.capitalAmount),
      ("business_setup_date", businessSetupDate == other.businessSetupDate),
      ("setup_date", setupDate == other.setupDate),
      ("business_type", businessType == other.businessType),
      ("is_use_invoice", isUseInvoice == other.isUseInvoice),
      ("industries", industries == other.industries),
    ]
    return Set(columns.filter { !$0.1 }.map(\.0))
  }
}

extension TestDatabase {
  /// SQL for the image of a row `r` of tax_registration, written independently of the SQL in load.
  static let image = """
    to_jsonb(r) - ARRAY['data_source_date', 'created_at', 'updated_at', 'content_hash']
      || jsonb_build_object('industries', coalesce((
        SELECT jsonb_agg(to_jsonb(i) - 'business_id' ORDER BY i."order", i.industry_code)
        FROM business_industry i WHERE i.business_id = r.ban), '[]'))
    """

  /// Returns the content of the registry's tables.
  func images() throws -> Set<BusinessImage> { try images("SELECT \(Self.image) FROM tax_registration r") }

  /// Returns the registry as of each day.
  func images(asOf days: [String]) throws -> [String: Set<BusinessImage>] {
    let rows = try execute(
      """
      SELECT d.day, to_jsonb(a) FROM unnest($1::date[]) AS d (day), registry_as_of(d.day) AS a
      """, ["{\(days.joined(separator: ","))}"])
    return try Dictionary(grouping: rows.values) { $0[0] ?? "" }
      .mapValues { rows in Set(try rows.map { try BusinessImage(json: $0[1] ?? "") }) }
  }

  /// Returns the registry as of a day.
  func images(asOf day: String) throws -> Set<BusinessImage> { try images(asOf: [day])[day] ?? [] }

  private func images(_ sql: String) throws -> Set<BusinessImage> {
    Set(try execute(sql).values.map { try BusinessImage(json: $0[0] ?? "") })
  }

  /// Returns all columns of both tables that depend only on the snapshot.
  func content() throws -> [String] {
    try rows(
      """
      SELECT to_jsonb(r) - ARRAY['created_at', 'updated_at', 'data_source_date'] FROM tax_registration r
      UNION ALL SELECT to_jsonb(i) FROM business_industry i ORDER BY 1
      """)
  }
}

/// Returns the images of businesses.
func images(_ businesses: some Sequence<Business>) -> Set<BusinessImage> { Set(businesses.map(BusinessImage.init)) }
