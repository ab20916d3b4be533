import Postgres
import Support

/// Builds on the bulk tables every index that the registry's own tables have, side by side, and then the constraints.
enum BulkIndexes {
  struct Index: Sendable {
    /// As on the registry's table.
    let name: String
    /// Under another name until the tables are swapped.
    let bulkName: String
    let create: String
    let isPrimaryKey: Bool
    let table: String
  }

  /// From the catalog, so that an index that a migration or the owner adds needs no line here.
  static func list(_ session: inout Connection) throws -> [Index] {
    var indexes: [Index] = []
    // The longer ones first, so that the workers end together.
    for table in RegistryTable.both.reversed() {
      // pg_get_indexdef begins with the names, which are replaced; the rest is kept as it is.
      let rows = try session.execute(
        """
        SELECT pg_catalog.quote_ident(x.relname), pg_catalog.quote_ident(pg_catalog.left(x.relname, 58) || '_bulk'),
          CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
          pg_catalog.substr(pg_catalog.pg_get_indexdef(x.oid), 1 + length(pg_catalog.format('CREATE %sINDEX %I ON %I.%I ',
            CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, n.nspname, c.relname))),
          i.indisprimary
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indrelid = '\(table.name)'::regclass ORDER BY i.indisprimary DESC, x.relname
        """)
      for row in rows.values {
        guard let name = row[0], let bulkName = row[1], let unique = row[2], let rest = row[3] else { continue }
        indexes.append(
          Index(
            name: name, bulkName: bulkName, create: "CREATE \(unique)INDEX \(bulkName) ON \(table.bulkName) \(rest)",
            isPrimaryKey: row[4] == "t", table: table.bulkName))
      }
    }
    return indexes
  }

  static func build(
    _ session: inout Connection, _ workers: BatchWorkers, _ load: CurrentLoad, events: (LoadEvent) -> Void
  ) throws -> [Index] {
    // A run that was cut short may have built some of them.
    try BulkTables.runAll(
      &session,
      """
      SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', k.conrelid::regclass, k.conname)
      FROM pg_constraint k WHERE k.contype IN ('f', 'p') AND k.conrelid IN \(bulkPair) ORDER BY k.contype
      """)
    try BulkTables.runAll(
      &session,
      "SELECT pg_catalog.format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index i WHERE i.indrelid IN \(bulkPair)"
    )

    let indexes = try list(&session)
    events(.phase("building \(indexes.count) indexes"))
    try workers.run(indexes) { session, index in
      // A stray session of a killed run may be building the same one: whoever takes over waits for its end.
      try session.transaction("index") { session in
        try load.hold(&session)
        try session.execute(index.create)
      }
    }
    for index in indexes where index.isPrimaryKey {
      // Renamed with its index when the tables are swapped.
      try session.execute(
        "ALTER TABLE \(index.table) ADD CONSTRAINT \(index.bulkName) PRIMARY KEY USING INDEX \(index.bulkName)")
    }
    events(.phase("checking the foreign key"))
    try session.execute(
      """
      ALTER TABLE \(RegistryTable.industry.bulkName) ADD CONSTRAINT \(RegistryTable.foreignKey)
        FOREIGN KEY (business_id) REFERENCES \(RegistryTable.registration.bulkName) (ban) ON DELETE CASCADE
      """)
    try session.execute("ANALYZE \(RegistryTable.registration.bulkName), \(RegistryTable.industry.bulkName)")
    return indexes
  }

  private static let bulkPair =
    "('\(RegistryTable.registration.bulkName)'::regclass, '\(RegistryTable.industry.bulkName)'::regclass)"
}
