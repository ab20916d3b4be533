import CommandKit
import Postgres

/// What the registry's last whole publication says of the snapshot that it published: a snapshot is measured by it. A
/// sample and a limited one are neither measured nor a measure.
struct Baseline: Sendable {
  let snapshot: String
  /// Nil where a version published it that did not write it down.
  let records: Int?
  /// The same without duplicates and blank ones.
  let distinctRecords: Int?
  /// The date of the last snapshot whose date was not in the future when it was published. An accepted date in the
  /// future would make all files before that date too old.
  let sourceDate: String?
  let missingColumns: [String]?
  let cities: [String: Int]

  /// - Returns: nil where no whole snapshot was ever published.
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

  /// The columns that the last published snapshot lacks, whole or not.
  static func missingColumns(_ session: inout Connection) throws -> [String] {
    let last = try session.rows(
      "SELECT missing_columns FROM publication WHERE missing_columns IS NOT NULL ORDER BY id DESC LIMIT 1"
    ).first
    return try last?.textArray("missing_columns") ?? []
  }

  /// The same from the registry itself, after a version that did not write it down.
  private static func count(_ session: inout Connection) throws -> [String: Int] {
    let rows = try session.rows(String(sql: PackageResources.count_cities_sql))
    return Dictionary(try rows.map { (try $0.text("city"), try $0.int("businesses")) }, uniquingKeysWith: +)
  }
}
