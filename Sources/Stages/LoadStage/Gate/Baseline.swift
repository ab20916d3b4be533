import CommandKit
import Postgres

/// What the registry's last whole publication says of the snapshot that it published: a snapshot is measured by it. A sample
/// and a limited one are neither measured nor a measure.
struct Baseline: Sendable {
  let snapshot: String
  /// Nil where a version published it that did not write it down.
  let records: Int?
  /// The date of the last snapshot whose date was not in the future when it was published. An accepted date in the
  /// future would make all files before that date too old.
  let sourceDate: String?
  let missingColumns: [String]?
  let cities: [String: Int]

  /// - Returns: nil where no whole snapshot was ever published.
  static func last(_ session: inout Connection) throws -> Baseline? {
    let rows = try session.execute(
      """
      SELECT p.snapshot, coalesce(p.records, j.records_total), p.cities,
        (SELECT d.source_date FROM publication d
          WHERE d.whole
            AND d.source_date <= (d.published_at AT TIME ZONE 'Asia/Taipei')::date + \(SourceAge.daysAheadMax)
          ORDER BY d.id DESC LIMIT 1),
        CASE WHEN p.missing_columns IS NOT NULL THEN pg_catalog.to_json(p.missing_columns) END
      FROM publication p JOIN etl_job_run j ON j.id = p.job_run_id WHERE p.whole ORDER BY p.id DESC LIMIT 1
      """)
    guard let row = rows.values.first else { return nil }
    let cities: [String: Int]? = try DatabaseJSON.value(row[2])
    return Baseline(
      snapshot: row[0] ?? "", records: row[1].flatMap { Int($0) }, sourceDate: row[3],
      missingColumns: try DatabaseJSON.value(row[4]),
      cities: try cities ?? count(&session))
  }

  /// The columns that the last published snapshot lacks, whole or not.
  static func missingColumns(_ session: inout Connection) throws -> [String] {
    let rows = try session.execute(
      """
      SELECT pg_catalog.to_json(missing_columns) FROM publication WHERE missing_columns IS NOT NULL
      ORDER BY id DESC LIMIT 1
      """)
    return try DatabaseJSON.value(rows.values.first?[0]) ?? []
  }

  /// The same from the registry itself, after a version that did not write it down.
  private static func count(_ session: inout Connection) throws -> [String: Int] {
    let rows = try session.execute(
      """
      SELECT translate(pg_catalog.left(business_address, 1), '台', '臺') || pg_catalog.substr(business_address, 2, 2), count(*)
      FROM tax_registration WHERE pg_catalog.substr(business_address, 3, 1) IN ('市', '縣') GROUP BY 1
      """)
    return Dictionary(
      rows.values.compactMap { row in row[0].map { ($0, row[1].flatMap { Int($0) } ?? 0) } }, uniquingKeysWith: +)
  }
}
