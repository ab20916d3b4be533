import Postgres

/// What samples and limited snapshots leave beside the registry's own rows. It goes with the first whole snapshot, which
/// is then the base of the feed.
enum SampleRows {
  /// Tables whose rows go. Job runs stay: they tell what was done.
  static let tables = ["registration_change", "registration_correction", "removed_registration", "publication"]

  /// A loader that is not the owner may not: then the samples' rows are changed one by one. A role that loads nothing, and
  /// only asks what a load would do, says what the owner's would.
  static func mayRemove(_ session: inout Connection) throws -> Bool {
    let names = tables.map { "'\($0)'" }.joined(separator: ", ")
    guard try session.bool("SELECT pg_catalog.has_table_privilege('publication', 'INSERT')") else { return true }
    return try session.bool(
      "SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(name, 'DELETE')) FROM pg_catalog.unnest(ARRAY[\(names)]) AS name"
    )
  }

  static func remove(_ session: inout Connection) throws {
    for table in tables { try session.execute("DELETE FROM \(table)") }
  }
}
