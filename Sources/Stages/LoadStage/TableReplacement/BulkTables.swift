import Postgres
import Support

/// The new tables of an initial load or a rebuild: like the registry's, without indexes, readable only by their owner.
enum BulkTables {
  /// The comment that marks a table as ours.
  private static let mark = "Rows of a first load under way, which takes the place of the empty table"

  static func exist(_ session: inout Connection) throws -> Bool {
    try session.bool(
      "SELECT pg_catalog.to_regclass('\(RegistryTable.registration.bulkName)') IS NOT NULL"
        + " AND pg_catalog.to_regclass('\(RegistryTable.industry.bulkName)') IS NOT NULL")
  }

  /// Creates the tables, in the caller's transaction. Values that all rows share are set as defaults now, so that a
  /// load that is resumed on another day gives the same rows.
  static func create(_ session: inout Connection, sourceDate: String?) throws {
    for table in RegistryTable.both {
      let options = try session.optionalText(
        "SELECT 'WITH (' || pg_catalog.array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE oid = '\(table.name)'::regclass"
      )
      try session.execute(
        "CREATE TABLE \(table.bulkName) (LIKE \(table.name) INCLUDING COMMENTS INCLUDING STORAGE) \(options ?? "")")
      try session.execute("COMMENT ON TABLE \(table.bulkName) IS '\(mark)'")
      // Default privileges may have granted rights on the table.
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

  /// Drops the tables that an earlier load left, if they have our mark and the role may drop them.
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

  /// Drops the tables in a transaction of their own.
  static func dropLeftovers(_ session: inout Connection) throws {
    try session.transaction("leftovers") { session in
      try session.execute("SET LOCAL lock_timeout = '10s'")
      try dropIfOurs(&session)
    }
  }

  /// Runs the statements that a query returns in its only column. They are built by a query since DDL takes no
  /// parameters.
  static func runAll(_ session: inout Connection, _ query: String, _ parameters: [String?] = []) throws {
    for row in try session.rows(query, parameters) {
      if let statement = try row.only() { try session.execute(statement) }
    }
  }
}
