import CommandKit
import Postgres

/// The snapshot of the last whole publication, with which the acceptance checks compare a new one. Samples and limited
/// snapshots are not compared, and are never the baseline.
struct Baseline: Sendable {
  let snapshot: String
  /// Nil if it was published by a version that did not record it.
  let records: Int?
  /// Records without duplicates and blank ones.
  let distinctRecords: Int?
  /// The source date of the last snapshot whose date was not in the future when it was published. An accepted date in
  /// the future would make all files before that date too old.
  let sourceDate: String?
  let missingColumns: [String]?
  let cities: [String: Int]

  /// - Returns: nil if no whole snapshot was ever published.
  static func last(_ session: inout Connection) throws -> Baseline? {
    let rows = try session.rows(
      String(sql: PackageResources.find_baseline_sql, ["days_ahead": "\(SourceAge.daysAheadMax)"]))
    guard let row = rows.first else { return nil }
    let cities: [String: Int]? = try row.optionalJSON("cities")
    return Baseline(
      snapshot: try row.text("snapshot"), records: try row.optionalInt("records"),
      distinctRecords: try row.optionalInt("distinct_records"),
      sourceDate: try row.optionalText("source_date"), missingColumns: try row.optionalTextArray("missing_columns"),
      cities: try cities ?? count(&session))
  }

  /// Returns the columns that the last published snapshot lacks, whether it is whole or not.
  static func missingColumns(_ session: inout Connection) throws -> [String] {
    let last = try session.rows(
      "SELECT missing_columns FROM publication WHERE missing_columns IS NOT NULL ORDER BY id DESC LIMIT 1"
    ).first
    return try last?.textArray("missing_columns") ?? []
  }

  /// Counts the registry's businesses by city, for a publication of a version that did not record the numbers.
  private static func count(_ session: inout Connection) throws -> [String: Int] {
    let rows = try session.rows(String(sql: PackageResources.count_cities_sql))
    return Dictionary(try rows.map { (try $0.text("city"), try $0.int("businesses")) }, uniquingKeysWith: +)
  }
}
