import Postgres
import Spool
import Support

/// Puts the full tables in place of the empty ones, in one short transaction. Readers see nothing or the whole registry.
///
/// A transaction that took its snapshot while batches were committed and first looks at the registry after the swap
/// would see those batches alone: new tables are not under the rules of an old snapshot. Only a transaction at
/// REPEATABLE READ that was begun during the very first load can be one.
struct BulkPublish {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: CurrentLoad
  let indexes: [BulkIndexes.Index]

  func perform(_ session: inout Connection) throws -> Publication {
    for attempt in 1...max(1, settings.lockAttempts) {
      do {
        return try publish(&session) { session in try swap(&session) }
      } catch let error as PostgresError where error.sqlState == "55P03" {
        // Readers at work: they are not made to wait for long, and get a turn before the next attempt.
        settings.events(.note("readers hold the empty tables (attempt \(attempt) of \(settings.lockAttempts))"))
        try settings.pause(1)
      } catch let error as Obstacle {
        settings.events(.note("the tables cannot be swapped, the rows are copied: \(error.reason)"))
        break
      }
    }
    return try publish(&session) { session in try insert(&session) }
  }

  private struct Obstacle: Error {
    let reason: String
  }

  private func publish(
    _ session: inout Connection, _ fill: (inout Connection) throws -> Void
  ) throws -> Publication {
    let publication = try session.transaction("publication") { session in
      try load.holdAlone(&session)
      try fill(&session)
      let state = RegistryState(
        registrations: snapshot.totals.processed, industries: snapshot.transform.industries)
      let publication = try Publication.write(
        &session, settings, snapshot, load.job, .bulk,
        .init(state: state, inserted: state.registrations, refusals: Gate.initialRefusals(settings, snapshot)))
      try load.job.succeed(&session, status: settings.status(of: snapshot))
      try CurrentLoad.finish(&session)
      return publication
    }
    return publication
  }

  private func swap(_ session: inout Connection) throws {
    try session.execute("SET LOCAL lock_timeout = '\(settings.lockTimeoutMilliseconds)ms'")
    try session.execute("LOCK TABLE tax_registration, business_industry IN ACCESS EXCLUSIVE MODE")
    try session.execute("SET LOCAL lock_timeout = 0")
    guard try PristineRegistry.isEmpty(&session) else {
      throw StartOver(reason: "the registry was filled by somebody else")
    }
    // Nothing can be hung on the tables while they are locked.
    if let reason = try PristineRegistry.obstacle(&session) { throw Obstacle(reason: reason) }

    for table in RegistryTable.both { try adopt(table, &session) }
    try session.execute("DROP TABLE business_industry, tax_registration")
    for table in RegistryTable.both { try session.execute("ALTER TABLE \(table.bulkName) RENAME TO \(table.name)") }
    for index in indexes { try session.execute("ALTER INDEX \(index.bulkName) RENAME TO \(index.name)") }
  }

  /// Gives a bulk table what the empty one has: defaults, comment, grants and whether it is vacuumed.
  private func adopt(_ table: RegistryTable, _ session: inout Connection) throws {
    let (new, old) = ("'\(table.bulkName)'::regclass", "'\(table.name)'::regclass")
    try BulkTables.runAll(
      &session,
      """
      SELECT CASE WHEN o.adbin IS NULL THEN pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', \(new), a.attname)
        ELSE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', \(new), a.attname, pg_catalog.pg_get_expr(o.adbin, o.adrelid)) END
      FROM pg_attribute a LEFT JOIN pg_attrdef o ON o.adrelid = a.attrelid AND o.adnum = a.attnum
        LEFT JOIN pg_attrdef d ON d.adrelid = \(new) AND d.adnum = a.attnum
      WHERE a.attrelid = \(old) AND a.attnum > 0 AND (o.oid IS NOT NULL OR d.oid IS NOT NULL)
      """)
    try BulkTables.runAll(
      &session,
      "SELECT pg_catalog.format('COMMENT ON TABLE %s IS %L', \(new), pg_catalog.obj_description(\(old), 'pg_class'))")
    try BulkTables.runAll(
      &session,
      """
      SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, \(new),
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = \(old) AND a.grantee <> c.relowner
      """)
    try BulkTables.runAll(
      &session,
      """
      SELECT coalesce(
        (SELECT pg_catalog.format('ALTER TABLE %s SET (%s)', \(new), option) FROM pg_class c, unnest(c.reloptions) option
          WHERE c.oid = \(old) AND option LIKE 'autovacuum_enabled=%'),
        pg_catalog.format('ALTER TABLE %s RESET (autovacuum_enabled)', \(new)))
      """)
  }

  /// Where the tables cannot be swapped: by INSERT, in one transaction as well, and without a lock that a reader notices.
  private func insert(_ session: inout Connection) throws {
    guard try PristineRegistry.isEmpty(&session) else {
      throw StartOver(reason: "the registry was filled by somebody else")
    }
    for table in RegistryTable.both {
      let columns = table.columns.joined(separator: ", ")
      try session.execute("INSERT INTO \(table.name) (\(columns)) SELECT \(columns) FROM \(table.bulkName)")
    }
  }
}
