import Postgres
import Support

/// The table of all industry codes.
enum IndustryList {
  /// Records the industries that the registry has from this publication on.
  ///
  /// - Parameters:
  ///   - table: business_industry or its bulk table, with its indexes.
  ///   - sourceDate: the day of the publication; nil for today in Taiwan.
  static func update(_ table: String, sourceDate: String?, _ session: inout Connection) throws {
    try session.execute(String(sql: PackageResources.update_industries_seen_sql, ["table": table]), [sourceDate])
  }
}
