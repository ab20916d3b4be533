import Postgres
import Support

/// The tables of the initial load: like the registry's, without indexes, readable by their owner alone.
enum BulkTables {
  /// The comment by which a table is known as ours.
  private static let mark = "Rows of a first load under way, which takes the place of the empty table"

  static func exist(_ session: inout Connection) throws -> Bool {
    try session.bool(
      "SELECT pg_catalog.to_regclass('\(RegistryTable.registration.bulkName)') IS NOT NULL"
        + " AND pg_catalog.to_regclass('\(RegistryTable.industry.bulkName)') IS NOT NULL")
  }

  /// Makes them, in the transaction that takes the load over. What every row shares is fixed as a default now, so that
  /// a load that goes on tomorrow ends with the same rows.
  static func create(_ session: inout Connection, sourceDate: String?) throws {
    for table in RegistryTable.both {
      let options = try session.optionalText(
        "SELECT 'WITH (' || pg_catalog.array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE oid = '\(table.name)'::regclass"
      )
      try session.execute(
        "CREATE TABLE \(table.bulkName) (LIKE \(table.name) INCLUDING COMMENTS INCLUDING STORAGE) \(options ?? "")")
      try session.execute("COMMENT ON TABLE \(table.bulkName) IS '\(mark)'")
      // Default privileges may have granted something on it.
      try runAll(
        &session,
        """
        SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %s FROM %s', c.oid::regclass,
          CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
        FROM pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = '\(table.bulkName)'::regclass AND a.grantee <> c.relowner
        """)
      // Analyzed once they are full, not while they fill.
      try session.execute("ALTER TABLE \(table.bulkName) SET (autovacuum_enabled = off)")
    }
    let alter = "ALTER TABLE \(RegistryTable.registration.bulkName) ALTER COLUMN"
    for column in ["created_at", "updated_at"] {
      try runAll(&session, "SELECT pg_catalog.format('\(alter) \(column) SET DEFAULT %L::timestamptz', now())")
    }
    if let sourceDate {
      try runAll(
        &session, "SELECT pg_catalog.format('\(alter) data_source_date SET DEFAULT %L::date', $1::date)", [sourceDate])
    }
  }

  /// Drops what an earlier load left, as far as it is ours to drop.
  static func dropIfOurs(_ session: inout Connection) throws {
    try runAll(
      &session,
      String(
        sql: PackageResources.drop_bulk_tables_sql,
        [
          "registration": RegistryTable.registration.bulkName, "industry": RegistryTable.industry.bulkName,
          "mark": mark,
        ]))
  }

  /// Runs statements that a query makes, since a statement of DDL takes no parameters. The query has one column.
  static func runAll(_ session: inout Connection, _ query: String, _ parameters: [String?] = []) throws {
    for row in try session.rows(query, parameters) {
      if let statement = try row.only() { try session.execute(statement) }
    }
  }
}
