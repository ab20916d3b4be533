import Postgres

/// Swaps the registry's tables with the full bulk tables, at the end of the transaction that publishes.
struct TableSwap {
  let indexes: [BulkIndexes.Index]
  /// Whether the registry's tables may have rows.
  let mayHaveRows: Bool

  /// Why the tables cannot be replaced.
  struct Obstacle: Error {
    let reason: String
  }

  /// Locks the registry's tables against readers too.
  ///
  /// - Parameters:
  ///   - others: tables to lock with them.
  ///   - timeoutMilliseconds: how long readers may have to wait for the lock.
  /// - Throws: SQLSTATE 55P03 if other sessions hold locks for longer.
  static func lock(_ others: [String] = [], timeoutMilliseconds: Int, _ session: inout Connection) throws {
    let tables = RegistryTable.both.map(\.name) + others
    try session.execute("SET LOCAL lock_timeout = '\(timeoutMilliseconds)ms'")
    try session.execute("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
    try session.execute("SET LOCAL lock_timeout = 0")
  }

  /// Performs the swap. The caller has locked the tables.
  ///
  /// - Throws: an ``Obstacle``.
  func perform(_ session: inout Connection) throws {
    // No object can begin to depend on the tables while they are locked.
    if let reason = try ReplacementCheck.obstacle(&session, mayHaveRows: mayHaveRows) { throw Obstacle(reason: reason) }
    // CREATE INDEX and DROP INDEX are possible until the lock.
    guard try BulkIndexes.list(&session) == indexes else {
      throw Obstacle(reason: "an index was created, changed or removed meanwhile")
    }
    do {
      for table in RegistryTable.both { try copyProperties(table, &session) }
      try session.execute("DROP TABLE business_industry, tax_registration")
      for table in RegistryTable.both { try session.execute("ALTER TABLE \(table.bulkName) RENAME TO \(table.name)") }
      for index in indexes { try session.execute("ALTER INDEX \(index.bulkName) RENAME TO \(index.name)") }
    } catch let error as PostgresError where error.sqlState == "P0001" {
      // An event trigger may protect these tables by their names.
      throw Obstacle(reason: "an event trigger refuses that: \(error.message)")
    }
  }

  /// Copies defaults, comment, grants and the autovacuum setting from the registry's table to the bulk table.
  private func copyProperties(_ table: RegistryTable, _ session: inout Connection) throws {
    let tables = ["new": table.bulkName, "old": table.name]
    try BulkTables.runAll(&session, String(sql: PackageResources.copy_defaults_sql, tables))
    try BulkTables.runAll(
      &session,
      """
      SELECT pg_catalog.format('COMMENT ON TABLE %s IS %L', '\(table.bulkName)'::regclass,
        pg_catalog.obj_description('\(table.name)'::regclass, 'pg_class'))
      """)
    try BulkTables.runAll(&session, String(sql: PackageResources.copy_grants_sql, tables))
    try BulkTables.runAll(&session, String(sql: PackageResources.copy_autovacuum_sql, tables))
  }
}
