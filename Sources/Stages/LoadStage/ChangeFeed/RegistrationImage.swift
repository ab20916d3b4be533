/// A business as one JSON value, as the change feed and the corrections store it.
enum RegistrationImage {
  static let columns = RegistryTable.fromSource

  /// The parts of a business that can differ: its columns, and its industries as one.
  static let differing = columns.filter { $0 != "ban" } + ["industries"]

  /// Returns an SQL expression for the image of a row.
  ///
  /// - Parameters:
  ///   - row: the alias of a row of `tax_registration` or `incoming_registration`.
  ///   - industries: the table that has its industries.
  static func sql(_ row: String, industries: String) -> String {
    let members = columns.map { "'\($0)', \(row).\($0)" }.joined(separator: ", ")
    return "pg_catalog.jsonb_build_object(\(members), 'industries', \(self.industries(of: row, in: industries)))"
  }

  /// Returns an SQL expression for the industries of a row, as one JSON value.
  static func industries(of row: String, in table: String) -> String {
    """
    coalesce((
      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('order', i."order", 'industry_code', i.industry_code,
        'industry_name', i.industry_name) ORDER BY i."order", i.industry_code)
      FROM \(table) i WHERE i.business_id = \(row).ban), '[]')
    """
  }
}
