import Postgres
import Support

/// Rows that samples and limited snapshots leave outside the registry's own tables. The first whole snapshot removes
/// them and is then the base of the change feed.
enum SampleRows {
  /// Tables whose rows are removed. Job runs stay: they record what was done.
  static let tables = [
    "registration_change", "registration_correction", "removed_registration", "registration_checkpoint", "publication",
  ]

  /// Returns whether the role may remove them. A loader that is not the owner may not: the incremental load then
  /// changes the samples' rows one by one. For a role that cannot load, as in a dry run, the result is that of the
  /// owner.
  static func mayRemove(_ session: inout Connection) throws -> Bool {
    let names = tables.map { "'\($0)'" }.joined(separator: ", ")
    guard try session.bool("SELECT pg_catalog.has_table_privilege('publication', 'INSERT')") else { return true }
    return try session.bool(
      "SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(name, 'DELETE')) FROM pg_catalog.unnest(ARRAY[\(names)]) AS name"
    )
  }

  static func remove(_ session: inout Connection) throws {
    for table in tables {
      try session.execute("DELETE FROM \(table)")
      if try session.bool("SELECT EXISTS (SELECT FROM \(table))") { throw Failure(suppressedRowsOf: table, session) }
    }
  }
}
