import CommandKit
import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import Testing

/// Runs each command with the least privileged role that suffices, of those in `docs/roles.sql`.
@Suite("Roles", .needsOwnServer)
struct RolesTests {
  private static func with(_ body: (LoadHarness, TestRoles) throws -> Void) throws {
    try LoadHarness.with { harness in try TestRoles.with(harness.database) { roles in try body(harness, roles) } }
  }

  private let finding =
    #"{"record":1,"line":3,"byte_offset":9,"code":"X","severity":"error","column":null,"message":"m","raw":"r"}"#

  /// Returns the owners and privileges of all objects in the schema.
  private func rights(_ harness: LoadHarness) throws -> [String] {
    try harness.database.rows(
      """
      SELECT relname, relowner::regrole, (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) a)
      FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S')
      UNION ALL SELECT proname, proowner::regrole, proacl::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
      UNION ALL SELECT nspname, nspowner::regrole, nspacl::text FROM pg_namespace WHERE nspname = current_schema()
      UNION ALL SELECT 'default', defaclrole::regrole, defaclacl::text FROM pg_default_acl
        WHERE defaclnamespace = current_schema()::regnamespace ORDER BY 1
      """)
  }

  @Test(
    "the owner does the initial load; the loader can load at once, and readers read once roles.sql was run again"
  )
  func fromNothing() throws {
    try Self.with { harness, roles in
      let first = businesses(25)
      let outcome = try harness.load(try harness.spool.snapshot(first)) { $0.databaseURL = roles.url(.owner) }
      #expect(outcome.kind == .initial)
      #expect(
        try harness.database.rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = current_schema()")
          == [roles.group(.owner)])
      // Until roles.sql is run again, the default privileges apply.
      var second = first.filter { $0.ban != "10000007" } + [Business("20000000", "new")]
      second[3].name = "changed"
      let next = try harness.load(try harness.spool.snapshot(second, .init(findings: [1: [finding]]))) {
        $0.databaseURL = roles.url(.loader)
      }
      #expect(next.kind == .incremental && next.changes.removed == 1)
      let count = "SELECT count(*) FROM tax_registration"
      #expect(try roles.execute(as: .console, count).scalar == "25")
      #expect(try roles.refusal(as: .reader, count) == "42501")
      try roles.apply()
      #expect(try roles.execute(as: .reader, count).scalar == "25")
      try harness.load(try harness.spool.snapshot(first)) { $0.databaseURL = roles.url(.loader) }
      try harness.expect(first)
    }
  }

  @Test("the tables of the initial load get the rights of the tables that they replace")
  func swap() throws {
    try Self.with { harness, roles in
      // A refused load creates the tables and leaves them empty.
      let refused = try harness.spool.snapshot(businesses(2), .init(failed: 8))
      #expect(try harness.failure(refused) { $0.databaseURL = roles.url(.owner) }.category == .data)
      try roles.apply()
      let before = try rights(harness)
      #expect(try roles.execute(as: .reader, "SELECT count(*) FROM tax_registration").scalar == "0")
      let outcome = try harness.load(try harness.spool.snapshot(businesses(25))) { $0.databaseURL = roles.url(.owner) }
      #expect(outcome.kind == .initial)
      #expect(try rights(harness) == before)
      #expect(try roles.execute(as: .reader, "SELECT count(*) FROM tax_registration").scalar == "25")
    }
  }

  @Test("only the owner can read the tables of an initial load in progress")
  func bulkTablesAreHidden() throws {
    try Self.with { harness, roles in
      let snapshot = try harness.spool.snapshot(businesses(25))
      _ = try harness.failure(snapshot) {
        $0.databaseURL = roles.url(.owner)
        $0.atPoints { if $0 == .publishing { throw Failure(.bug, "cut") } }
      }
      try roles.apply()
      for role in [TestRoles.Role.loader, .reader, .console] {
        #expect(try roles.refusal(as: role, "SELECT FROM tax_registration_bulk") == "42501")
      }
      #expect(try harness.load(snapshot) { $0.databaseURL = roles.url(.owner) }.kind == .initial)
      try harness.expect(businesses(25))
    }
  }

  @Test("a loader that does not own the empty tables fills them by INSERT")
  func loaderFirst() throws {
    try Self.with { harness, roles in
      var session = try TestDatabase.open(roles.url(.owner))
      try Migrator.migrate(&session, events: { _ in })
      try roles.apply()
      let rows = businesses(25)
      let outcome = try harness.load(try harness.spool.snapshot(rows)) { $0.databaseURL = roles.url(.loader) }
      #expect(outcome.kind == .incremental)
      try harness.expect(rows)
    }
  }

  @Test("rollbacks, corrections, withdrawals, repairs and clean-ups need only the loader's rights")
  func everythingElse() throws {
    try Self.with { harness, roles in
      func asLoader(_ settings: inout LoadSettings) { settings.databaseURL = roles.url(.loader) }
      let first = try harness.spool.snapshot(businesses(120), .init(sourceDate: "2026-09-01"))
      try harness.load(first) { $0.databaseURL = roles.url(.owner) }
      try roles.apply()
      let second = try harness.spool.snapshot(
        businesses(122), .init(sourceDate: "2026-09-02", findings: [1: [finding]]))
      try harness.load(second, asLoader)
      // Beyond the gate's bounds: the refused load clears its staged rows; the accepted one changes every row.
      var all = businesses(122)
      for index in all.indices { all[index].name = "新\(index)" }
      let third = try harness.spool.snapshot(all, .init(sourceDate: "2026-09-03"))
      #expect(try harness.failure(third, asLoader).category == .data)
      try harness.expect(businesses(122))
      let mass = try harness.load(third) {
        asLoader(&$0)
        $0.acceptance = Acceptance(reason: "all are new", user: "ops")
      }
      #expect(mass.changes.updated == 122)
      try harness.expect(all)
      try harness.load(second) {
        asLoader(&$0)
        $0.action = .rollback
      }

      var corrected = businesses(122)[4]
      corrected.name = "更正"
      var other = businesses(122)[5]
      other.industries = []
      try harness.replay(second, [corrected, Business("20000000", "補")], asLoader)
      try harness.replay(second, [other], asLoader)
      try harness.load(second) {
        asLoader(&$0)
        $0.action = .withdraw
        $0.withdrawn = [10_000_005, 20_000_000]
      }
      try harness.expect(businesses(122).filter { $0.ban != corrected.ban } + [corrected])
      try harness.database.execute("UPDATE tax_registration SET business_name = 'by hand' WHERE ban = '10000009'")
      let verified = try harness.load(second) {
        asLoader(&$0)
        $0.verify = true
      }
      #expect(verified.repaired == 1)

      let target = try Rollback.target(roles.url(.loader), spool: harness.spool.path, stop: {})
      try harness.load(target) {
        asLoader(&$0)
        $0.action = .rollback
      }

      var limits = RetentionLimits()
      (limits.snapshots, limits.findingsDays, limits.feedDays) = (1, 1, 1)
      try harness.database.execute(
        """
        UPDATE etl_job_run SET completed_at = completed_at - interval '9 days';
        UPDATE publication SET published_at = published_at - interval '9 days'
        """)
      let freed = try Cleanup.run(roles.url(.loader), spool: harness.spool.path, limits, lockGraceSeconds: 60, stop: {})
      #expect(freed.findings > 1 && freed.changes > 0)
      var asked = 0
      try ChangeQuery().run(roles.url(.reader), stop: {}) { _ in asked += 1 }
      #expect(asked == 0)
    }
  }

  @Test("running roles.sql again changes nothing, and revokes rights that it does not grant")
  func again() throws {
    try Self.with { harness, roles in
      try harness.load(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = roles.url(.owner) }
      try roles.apply()
      let before = try rights(harness)
      try roles.apply()
      #expect(try rights(harness) == before)
      try harness.database.execute(
        """
        GRANT ALL ON ALL TABLES IN SCHEMA \(harness.database.name) TO \(roles.group(.loader)), \(roles.group(.reader));
        GRANT CREATE ON SCHEMA \(harness.database.name) TO \(roles.group(.console))
        """)
      #expect(try rights(harness) != before)
      try roles.apply()
      #expect(try rights(harness) == before)
    }
  }

  @Test("loads and readers need no right of PUBLIC on functions, before and after roles.sql is run again")
  func functionsAreNotForPublic() throws {
    try Self.with { harness, roles in
      try harness.database.execute(
        "ALTER DEFAULT PRIVILEGES FOR ROLE \(roles.group(.owner)) REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
      try harness.load(try harness.spool.snapshot(businesses(120))) { $0.databaseURL = roles.url(.owner) }
      let isPublic = """
        SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
          AND has_function_privilege('public', oid, 'EXECUTE')
        """
      #expect(try harness.database.scalar(isPublic) == "0")
      func check(_ count: Int) throws {
        try harness.load(try harness.spool.snapshot(businesses(count))) { $0.databaseURL = roles.url(.loader) }
        try harness.expect(businesses(count))
      }
      // The default privileges.
      try check(121)
      // Privileges of the functions that exist, as after an upgrade from a version without these default privileges.
      try harness.database.execute(
        """
        REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA \(harness.database.name)
          FROM \(roles.group(.loader)), \(roles.group(.reader)), \(roles.group(.console))
        """)
      try roles.apply()
      try check(122)
      for role in [TestRoles.Role.loader, .reader, .console] {
        for source in [
          "business", "registration_change_flat", "registry_as_of((SELECT max(as_of_date) FROM registry_day))",
        ] {
          #expect(try roles.refusal(as: role, "SELECT * FROM \(source)") == nil, "\(role): \(source)")
        }
      }
    }
  }

  @Test("roles.sql lets the roles connect if PUBLIC may not, and changes no right of the database otherwise")
  func connectIsNotForPublic() throws {
    try TestDatabase.withDatabase { database in
      let rights = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
      try TestRoles.with(database) { roles in
        #expect(try database.scalar(rights) == nil)
        try database.execute("REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC")
        let cluster = try TestCluster.shared.get()
        for isGranted in [false, true] {
          if isGranted { try roles.apply() }
          for role in TestRoles.Role.allCases {
            let url = cluster.ownURL(user: roles.login(role), database: database.name)
            var sqlState: String?
            do { _ = try TestDatabase.open(url) } catch let error as PostgresError { sqlState = error.sqlState }
            #expect(sqlState == (isGranted ? nil : "42501"), "\(role)")
          }
        }
        let before = try database.scalar(rights)
        try roles.apply()
        #expect(try database.scalar(rights) == before)
      }
    }
  }

  @Test("tables that another role created become the owner's, which can then run the next migration")
  func takingOver() throws {
    try Self.with { harness, roles in
      try harness.load(businesses(5))
      try harness.database.execute("CREATE TABLE not_ours (x int)")
      try roles.apply()
      #expect(
        try harness.database.rows(
          """
          SELECT DISTINCT c.relowner::regrole FROM pg_class c
          WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'S') AND c.relname <> 'not_ours'
          UNION SELECT proowner::regrole FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
          """) == [roles.group(.owner)])
      #expect(
        try harness.database.scalar("SELECT relowner::regrole FROM pg_class WHERE oid = 'not_ours'::regclass")
          == "postgres")
      #expect(try roles.refusal(as: .loader, "SELECT FROM not_ours") == "42501")
      var session = try TestDatabase.open(roles.url(.owner))
      let later = Migration(
        version: Migration.all.count + 1, name: "later",
        sql: Array("ALTER TABLE publication ADD COLUMN x int; CREATE TABLE later (x int)".utf8))
      try Migrator.migrate(&session, Migration.all + [later], events: { _ in })
      #expect(try roles.refusal(as: .loader, "INSERT INTO later VALUES (1)") == nil)
    }
  }

  @Test("nothing is granted on a table that is not the registry's")
  func foreignTables() throws {
    try LoadHarness.with { harness in
      try harness.database.execute("CREATE TABLE publication (x int); CREATE TABLE schema_migration (x int)")
      try TestRoles.with(harness.database) { roles in
        for role in TestRoles.Role.allCases {
          let refusal = try roles.refusal(as: role, "SELECT FROM publication")
          #expect(refusal == "42501")
        }
        let owners = try harness.database.rows(
          "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = current_schema()")
        #expect(owners == ["postgres"])
      }
    }
  }

  @Test("a database owner with CREATEROLE, not a superuser, can run roles.sql, and it creates the schema")
  func byTheDatabasesOwner() throws {
    try LoadHarness.with { harness in
      let name = harness.database.name
      let admin = "admin_\(name)"
      try harness.database.execute("CREATE ROLE \(admin) LOGIN CREATEROLE")
      try harness.database.execute("CREATE DATABASE \(admin) OWNER \(admin)")
      let roles = ["owner", "loader", "reader", "console"]
      defer {
        _ = try? harness.database.execute("DROP DATABASE \(admin)")
        for role in roles + ["admin"] {
          _ = try? harness.database.execute("DROP OWNED BY \(role)_\(name)")
          _ = try? harness.database.execute("DROP ROLE \(role)_\(name)")
        }
      }
      let url = try TestCluster.shared.get().ownURL(user: admin, database: admin)
      let options = "-v schema='the registry' " + roles.map { "-v \($0)=\($0)_\(name)" }.joined(separator: " ")
      for _ in 1...2 { try TestRoles.run(options, url: url) }
      let registry = url + "&options=-crole%3Downer_\(name)%20-csearch_path%3D%22the%5C%20registry%22"
      let outcome = try harness.load(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = registry }
      #expect(outcome.kind == .initial)
      try TestRoles.run(options, url: url)
      var session = try TestDatabase.open(url)
      #expect(
        try session.execute(
          "SELECT has_table_privilege('reader_\(name)', '\"the registry\".tax_registration', 'SELECT')"
        ).truth)
    }
  }

  @Test("roles.sql runs no planted function, and takes over nothing that would act with the owner's rights")
  func planted() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      try harness.database.execute(
        """
        CREATE FUNCTION format(text, text) RETURNS text LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
        CREATE FUNCTION registry_as_of(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'
        """)
      try TestRoles.with(harness.database) { roles in
        let owner = "SELECT proowner::regrole FROM pg_proc WHERE oid = 'registry_as_of(text)'::regprocedure"
        #expect(try harness.database.scalar(owner) != roles.group(.owner))
        #expect(
          try harness.database.scalar(owner.replacing("(text)", with: "(date)")) == roles.group(.owner))
        try harness.database.execute(
          """
          ALTER TABLE load_batch OWNER TO CURRENT_USER;
          CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
          CREATE TRIGGER act BEFORE INSERT ON load_batch FOR EACH ROW EXECUTE FUNCTION act()
          """)
        #expect(throws: (any Error).self) { try roles.apply() }
        try harness.database.execute("DROP TRIGGER act ON load_batch")
        try roles.apply()
      }
    }
  }
}
