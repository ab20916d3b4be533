import LoadStage
import Postgres
import Support
import TestCluster
import Testing

/// What each role of `docs/roles.sql` may not do.
@Suite("Rights that roles do not have", .needsOwnServer)
struct RefusedRightsTests {
  private static func with(_ body: (LoadHarness, TestRoles) throws -> Void) throws {
    try LoadHarness.with { harness in
      try TestRoles.with(harness.database) { roles in
        try harness.load(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = roles.url(.owner) }
        try roles.apply()
        try body(harness, roles)
      }
    }
  }

  private static let denied = "42501"

  private func expectDenied(
    _ statements: [String], _ role: TestRoles.Role, _ roles: TestRoles,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (statement, sqlState) in try roles.refusals(as: role, statements) {
      #expect(sqlState == Self.denied, "\(role): \(statement)", sourceLocation: sourceLocation)
    }
  }

  @Test("no role has server-wide rights, or is a member of a role that has them")
  func ordinaryRoles() throws {
    try Self.with { harness, roles in
      let names = TestRoles.Role.allCases.flatMap { ["'\(roles.group($0))'", "'\(roles.login($0))'"] }
      let all = try harness.database.rows(
        """
        SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles
        WHERE rolname IN (\(names.joined(separator: ", ")))
        """)
      #expect(all.count == 8)
      #expect(all.allSatisfy { $0.hasSuffix("|f|f|f|f|f") }, "\(all)")
      #expect(
        try harness.database.rows(
          """
          SELECT r.rolname, p.rolname FROM pg_roles r JOIN pg_roles p ON p.rolname LIKE 'pg\\_%'
          WHERE r.rolname IN (\(names.joined(separator: ", "))) AND pg_has_role(r.oid, p.oid, 'MEMBER')
          """) == [])
      for role in TestRoles.Role.allCases {
        let statements = [
          "COPY etl_job_run (status) FROM '/etc/hostname'", "COPY tax_registration TO '/tmp/x'",
          "COPY tax_registration TO PROGRAM 'cat'", "SELECT pg_read_file('/etc/hostname')",
        ]
        try expectDenied(statements, role, roles)
      }
    }
  }

  @Test("only the owner creates, alters, truncates or drops anything")
  func definitions() throws {
    try Self.with { harness, roles in
      let statements =
        Migration.tables.flatMap { table in
          [
            "TRUNCATE \(table) CASCADE", "DROP TABLE \(table) CASCADE", "ALTER TABLE \(table) ADD COLUMN extra int",
            "ALTER TABLE \(table) RENAME TO other", "ALTER TABLE \(table) DISABLE TRIGGER ALL",
            "CREATE INDEX ON \(table) ((1))", "COMMENT ON TABLE \(table) IS ''",
            "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY",
            "CREATE RULE r AS ON DELETE TO \(table) DO INSTEAD NOTHING",
            "CREATE TRIGGER t BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
          ]
        } + [
          "CREATE TABLE mine (x int)", "CREATE VIEW mine AS SELECT 1",
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
          "CREATE OR REPLACE FUNCTION registry_run_as_of(as_of date) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
          "DROP FUNCTION registry_history(text)", "DROP SCHEMA \(harness.database.name) CASCADE",
          "ALTER SEQUENCE etl_job_run_id_seq RESTART", "SELECT setval('etl_job_run_id_seq', 1)",
          "SET ROLE \(roles.group(.owner))", "SET ROLE postgres",
        ]
      for role in [TestRoles.Role.loader, .reader, .console] {
        try expectDenied(statements, role, roles)
      }
      // PostgreSQL only warns about a GRANT without the grant option.
      for role in [TestRoles.Role.loader, .console] {
        _ = try roles.refusals(as: role, Migration.tables.map { "GRANT SELECT ON \($0) TO PUBLIC; COMMIT" })
      }
      let granted = try harness.database.scalar(
        """
        SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = current_schema()::regnamespace AND a.grantee = 0
        """)
      #expect(granted == "0")
      // The statements themselves are valid.
      let sound = statements.filter { !$0.contains("SET ROLE") && !$0.contains("SCHEMA") }
      for (statement, sqlState) in try roles.refusals(as: .owner, sound) {
        #expect(sqlState == nil || statement.contains("TRIGGER ALL") && sqlState == Self.denied, "\(statement)")
      }
    }
  }

  @Test("readers and the console change no row, and readers see only what is published")
  func rows() throws {
    try Self.with { harness, roles in
      let forReaders: Set = [
        "tax_registration", "business_industry", "registration_change", "registration_correction", "publication",
        "schema_migration", "industry", "source_check", "registration_checkpoint",
      ]
      for table in Migration.tables {
        let column =
          try harness.database.scalar(
            """
            SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '\(table)'::regclass AND attnum > 0
              AND attidentity = '' AND attgenerated = '' ORDER BY attnum DESC LIMIT 1
            """) ?? ""
        for role in [TestRoles.Role.reader, .console] {
          let statements = [
            "INSERT INTO \(table) DEFAULT VALUES", "UPDATE \(table) SET \(column) = NULL", "DELETE FROM \(table)",
            "SELECT FROM \(table) FOR UPDATE", "LOCK TABLE \(table) IN EXCLUSIVE MODE",
          ]
          try expectDenied(statements, role, roles)
        }
      }
      for role in [TestRoles.Role.loader, .reader, .console] {
        let reading = try roles.refusals(as: role, Migration.tables.map { "SELECT FROM \($0)" })
        for (table, refusal) in zip(Migration.tables, reading) {
          let mayRead = role != .reader || forReaders.contains(table)
          #expect(refusal.sqlState == (mayRead ? nil : Self.denied), "\(role): \(table)")
        }
      }
      for role in [TestRoles.Role.reader, .console, .loader] {
        #expect(try roles.execute(as: role, "SELECT count(*) FROM registry_as_of('2026-09-01')").scalar == "5")
        #expect(try roles.execute(as: role, "SELECT count(*) FROM registry_history('10000001')").scalar == "1")
      }
    }
  }

  @Test("the loader writes no migration, and cannot delete or alter published or recorded data")
  func history() throws {
    try Self.with { _, roles in
      let statements = [
        "INSERT INTO schema_migration VALUES (99, 'x', 'x')", "UPDATE schema_migration SET sha256 = 'x'",
        "DELETE FROM schema_migration", "DELETE FROM publication", "DELETE FROM etl_job_run",
        "DELETE FROM import_progress",
        "UPDATE registration_change SET after = NULL", "DELETE FROM registration_correction",
        "UPDATE data_import_error SET error_type = 'x'", "INSERT INTO current_load (fence) VALUES (1)",
        "DELETE FROM current_load",
      ]
      try expectDenied(statements, .loader, roles)
    }
  }

  @Test(
    "a load as a reader or the console: 69; as the loader without the tables, or with a pending migration: 78")
  func loads() throws {
    try LoadHarness.with { harness in
      try TestRoles.with(harness.database) { roles in
        let snapshot = try harness.spool.snapshot(businesses(3))
        func failure(_ role: TestRoles.Role) throws -> Failure {
          try harness.failure(snapshot) { $0.databaseURL = roles.url(role) }
        }
        for role in [TestRoles.Role.loader, .reader, .console] {
          let pending = try failure(role)
          #expect(pending.category == .configuration, "\(role): \(pending)")
          #expect(pending.hints.first?.description.contains("owner") == true, "\(role): \(pending)")
        }
        try harness.load(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = roles.url(.owner) }
        try roles.apply()
        for role in [TestRoles.Role.reader, .console] {
          let denied = try failure(role)
          #expect(denied.category == .unavailable, "\(role): \(denied)")
          #expect(denied.message.contains("SQLSTATE 42501"), "\(role): \(denied)")
          #expect(denied.hints.first?.description.contains("docs/roles.sql") == true, "\(role): \(denied)")
        }
        try harness.database.execute("DELETE FROM schema_migration WHERE version = \(Migration.all.count)")
        #expect(try failure(.loader).category == .configuration)
        try harness.expect(businesses(5))
      }
    }
  }
}
