import Digest
import Postgres
import Support

/// A step from one version of the schema to the next.
package struct Migration: Sendable {
  package let version: Int
  package let name: String
  package let sql: [UInt8]

  package init(version: Int, name: String, sql: [UInt8]) {
    self.version = version
    self.name = name
    self.sql = sql
  }

  package var sha256: String { SHA256.of(sql) }

  /// All migrations, from `Migrations/*.sql`. A released file never changes, not even its comments: databases have
  /// stored its SHA-256.
  package static let all = [
    Migration(version: 1, name: "registry", sql: PackageResources._001_registry_sql),
    Migration(version: 2, name: "job_runs", sql: PackageResources._002_job_runs_sql),
    Migration(version: 3, name: "ledger", sql: PackageResources._003_ledger_sql),
    Migration(version: 4, name: "changes", sql: PackageResources._004_changes_sql),
    Migration(version: 5, name: "history", sql: PackageResources._005_history_sql),
    Migration(version: 6, name: "run_lock", sql: PackageResources._006_run_lock_sql),
    Migration(version: 7, name: "analysis", sql: PackageResources._007_analysis_sql),
  ]

  /// Every table that the migrations create.
  package static let tables = [
    "schema_migration", "tax_registration", "business_industry", "removed_registration", "etl_job_run",
    "data_import_error", "import_progress", "publication", "current_load", "load_batch", "incoming_registration",
    "incoming_industry", "incoming_removal", "registration_change", "registration_correction",
    "run_lock", "industry", "source_check", "registration_checkpoint",
  ]
}

/// Brings the schema up to this program's version: forward only, each step in a transaction, under the run's lock.
package enum Migrator {
  /// The migration that creates the table which earlier versions lock. The migrations up to it only create tables, so
  /// they need no lock.
  package static let lockable = 3

  /// Creates the table of ``RunLock``, under the lock of earlier versions. They refuse the schema afterwards.
  static func makeLockable(
    _ session: inout Connection, _ access: DatabaseAccess, graceSeconds: Double, events: (LoadEvent) -> Void
  ) throws {
    if try session.bool("SELECT pg_catalog.to_regclass('\(RunLock.table)') IS NOT NULL") { return }
    try makeFirst(&session, events: events)
    let earlier = try RunLock.acquire(
      access, table: RunLock.earlierTable, graceSeconds: graceSeconds, events: events)
    defer { earlier.release() }
    try migrate(&session, events: events)
  }

  /// Creates the tables up to ``lockable``. If several first loads start at once, one creates them and the others use
  /// them.
  private static func makeFirst(_ session: inout Connection, events: (LoadEvent) -> Void) throws {
    let first = Migration.all.prefix(lockable)
    do {
      let applied = try applied(&session, Array(Migration.all))
      let missing = first.filter { applied[$0.version] == nil }
      try apply(missing, &session, events)
    } catch {
      guard !session.isLost, try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL"),
        let version = try? session.int("SELECT coalesce(max(version), 0) FROM schema_migration"), version >= lockable
      else { throw error }
    }
  }

  package static func migrate(
    _ session: inout Connection, _ migrations: [Migration] = Migration.all, events: (LoadEvent) -> Void
  ) throws {
    let applied = try applied(&session, migrations)
    for migration in migrations where applied[migration.version] == nil { try apply([migration], &session, events) }
  }

  /// Checks the tables of the current version for what other people may have done to them: a restore that was
  /// interrupted, a renamed schema, a dropped view.
  static func inspect(_ session: inout Connection, events: (LoadEvent) -> Void) throws {
    try requireKeys(&session)
    try renewAnalysisObjects(&session, events)
  }

  /// Creates the views and functions for analysts again if another version made them, if their bodies name another schema,
  /// since this one was renamed, or if one is missing.
  private static func renewAnalysisObjects(_ session: inout Connection, _ events: (LoadEvent) -> Void) throws {
    guard try !AnalysisObjects.areCurrent(&session) else { return }
    do {
      try session.transaction("analysis") { try AnalysisObjects.create(&$0) }
      events(
        .note(
          "the views and functions for analysts were missing, or of another version or schema: they were created again")
      )
    } catch let error as PostgresError where error.kind == .denied {
      events(
        .advice(
          "the views and functions for analysts are missing, or of another version or schema: run a load as the owner, which creates them again"
        ))
    }
  }

  /// Fails if a table has lost its primary key: rows could then be stored twice.
  private static func requireKeys(_ session: inout Connection) throws {
    let names = Migration.tables.map { "'\($0)'" }.joined(separator: ", ")
    let found = try session.optionalText(
      """
      SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_catalog.pg_class c
      WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = pg_catalog.current_schema())
        AND c.relname IN (\(names)) AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
      """)
    guard let tables = found else { return }
    throw Failure(
      .configuration, "\(session.place): these tables have no primary key: \(tables)",
      hint: "a restore of the database was interrupted: stop the console, and restore the dump again (docs/install.md)")
  }

  /// Returns the versions that the database has, with the SHA-256 of each migration.
  ///
  /// - Throws: category `configuration` if they do not match this program's migrations.
  private static func applied(_ session: inout Connection, _ migrations: [Migration]) throws -> [Int: String] {
    let applied = try session.inTransaction { session in
      var applied: [Int: String] = [:]
      if try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL") {
        for row in try session.rows("SELECT version, sha256 FROM schema_migration") {
          applied[try row.int("version")] = try row.text("sha256")
        }
      } else {
        try requireUTF8(&session)
        try refuseForeignTables(&session)
      }
      return applied
    }
    if let newest = applied.keys.max(), newest > migrations.count {
      throw Failure(
        .configuration,
        "\(session.place): the tables have schema version \(newest); this program supports versions up to \(migrations.count)",
        hint: "use the version of the program that made them, or a newer one")
    }
    for migration in migrations {
      guard let sha256 = applied[migration.version], sha256 != migration.sha256 else { continue }
      throw Failure(
        .configuration,
        "\(session.place): migration \(migration.version) in this database differs from the one in this program",
        hint: "use another schema or database: an unreleased version made these tables")
    }
    return applied
  }

  /// Checks the schema version, for commands that do not migrate.
  ///
  /// - Throws: category `notReady` if nothing was ever loaded, `configuration` if the schema has another version.
  static func requireCurrent(_ session: inout Connection) throws {
    guard try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL") else {
      throw Failure(
        .notReady, "\(session.place): no snapshot was published here yet", hint: "load one first: \(command: .load)")
    }
    let version = try session.int("SELECT coalesce(max(version), 0) FROM schema_migration")
    guard version == Migration.all.count else {
      throw Failure(
        .configuration,
        "\(session.place): the tables have schema version \(version); this program needs version \(Migration.all.count)",
        hint: version < Migration.all.count
          ? "\(command: .load) upgrades the tables"
          : "use the version of the program that made them, or a newer one")
    }
  }

  /// Applies migrations in one transaction.
  private static func apply(
    _ migrations: [Migration], _ session: inout Connection, _ events: (LoadEvent) -> Void
  ) throws {
    guard let first = migrations.first else { return }
    do {
      try session.transaction("migration") { session in
        for migration in migrations {
          try session.execute(String(decoding: migration.sql, as: UTF8.self))
          try session.execute(
            "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)",
            ["\(migration.version)", migration.name, migration.sha256])
        }
        // They are made from the columns, which a migration may have changed.
        if migrations.last.map({ $0.version >= AnalysisObjects.since }) ?? false {
          try AnalysisObjects.create(&session)
        }
      }
    } catch let error as PostgresError where error.kind == .denied {
      throw Failure(
        .configuration,
        "\(error.place): the tables need schema version \(first.version), and this role may not create it: \(error.message)",
        hint:
          "run the same command once as the owner of the schema and its tables; later loads can use the loader's role again"
      )
    }
    for migration in migrations { events(.note("schema version \(migration.version) (\(migration.name)) applied")) }
  }

  /// Requires UTF8. Other encodings cannot hold every name, and SQL_ASCII counts bytes as characters.
  private static func requireUTF8(_ session: inout Connection) throws {
    let encoding = try session.optionalText("SELECT pg_catalog.current_setting('server_encoding')") ?? ""
    guard encoding != "UTF8" else { return }
    throw Failure(
      .configuration, "\(session.place): the database's encoding is \(encoding), and UTF8 is needed",
      hint:
        "create a database with the encoding UTF8, for example: CREATE DATABASE registry ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
    )
  }

  /// Fails if tables with our names exist that load did not create.
  static func refuseForeignTables(_ session: inout Connection) throws {
    let names = Migration.tables.map { "'\($0)'" }.joined(separator: ", ")
    let found = try session.optionalText(
      """
      SELECT string_agg(pg_catalog.quote_ident(c.relname), ', ' ORDER BY c.relname) FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = pg_catalog.current_schema() AND c.relname IN (\(names))
      """)
    guard let names = found else { return }
    throw Failure(
      .configuration,
      "\(session.place): these tables have names of the registry's tables, but load did not create them: \(names)",
      hint: "rename them, or load into another schema: postgresql://…?options=-csearch_path%3DSCHEMA")
  }
}
