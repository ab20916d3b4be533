import Postgres
import Support

/// Builds every index of the registry's tables on the bulk tables, in parallel, and the constraints.
enum BulkIndexes {
  struct Index: Sendable, Equatable {
    /// Its name on the registry's table.
    let name: String
    /// Its name until the tables are swapped.
    let bulkName: String
    let create: String
    /// Its comment as a literal; nil if it has none.
    let comment: String?
    let isPrimaryKey: Bool
    let table: String
  }

  /// Lists the indexes from the catalog, so that one added by a migration or the owner needs no code here.
  static func list(_ session: inout Connection) throws -> [Index] {
    var indexes: [Index] = []
    // The indexes that take longer first, so that the workers finish together.
    for table in RegistryTable.both.reversed() {
      let rows = try session.rows(String(sql: PackageResources.list_indexes_sql, ["table": table.name]))
      for row in rows {
        let (unique, bulkName) = (try row.text("uniqueness"), try row.text("bulk_name"))
        indexes.append(
          Index(
            name: try row.text("name"), bulkName: bulkName,
            create: "CREATE \(unique)INDEX \(bulkName) ON \(table.bulkName) \(try row.text("definition"))",
            comment: try row.optionalText("comment"), isPrimaryKey: try row.bool("is_primary_key"),
            table: table.bulkName))
      }
    }
    return indexes
  }

  /// Builds the indexes and primary keys.
  ///
  /// - Parameter load: nil if the transaction that publishes has already locked the load.
  static func build(
    _ session: inout Connection, _ workers: BatchWorkers, _ load: LoadState?, events: (LoadEvent) -> Void
  ) throws -> [Index] {
    // An interrupted run may have built some of them.
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
      // If this run is killed, the session may go on building. ``LoadState/acquire`` of the next run waits for its end.
      try session.transaction("index") { session in
        try load?.lockShared(&session)
        try session.execute(index.create)
        if let comment = index.comment {
          try session.execute("COMMENT ON INDEX \(index.bulkName) IS \(comment)")
        }
      }
    }
    for index in indexes where index.isPrimaryKey {
      // The constraint is renamed with its index when the tables are swapped.
      try session.execute(
        "ALTER TABLE \(index.table) ADD CONSTRAINT \(index.bulkName) PRIMARY KEY USING INDEX \(index.bulkName)")
    }
    return indexes
  }

  /// Adds the foreign key, which reads both tables, and collects the planner's statistics.
  static func complete(_ session: inout Connection, events: (LoadEvent) -> Void) throws {
    events(.phase("checking the foreign key"))
    try session.execute(
      """
      ALTER TABLE \(RegistryTable.industry.bulkName) ADD CONSTRAINT \(RegistryTable.foreignKey)
        FOREIGN KEY (business_id) REFERENCES \(RegistryTable.registration.bulkName) (ban) ON DELETE CASCADE
      """)
    try session.execute("ANALYZE \(RegistryTable.registration.bulkName), \(RegistryTable.industry.bulkName)")
  }

  private static let bulkPair =
    "('\(RegistryTable.registration.bulkName)'::regclass, '\(RegistryTable.industry.bulkName)'::regclass)"
}
