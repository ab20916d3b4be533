import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import Testing

/// If many businesses differ, load fills new tables and swaps them with the old ones.
@Suite("Rebuilding the tables", .needsServer)
struct RebuildTests {
  /// Runs `body` with a registry of one day whose next loads always rebuild its tables.
  private func with(_ rows: [Business], _ body: (LoadHarness) throws -> Void) throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.rebuildShareMin = 0
      try harness.load(rows)
      try body(harness)
    }
  }

  private func table(_ harness: LoadHarness) throws -> String? {
    try harness.database.scalar("SELECT 'tax_registration'::regclass::oid")
  }

  private static let first = businesses(120)

  private static func otherwise(_ rows: [Business], _ mark: String) -> [Business] {
    rows.map { row in
      var row = row
      row.name += mark
      row.industries = ["631211", "471913"]
      return row
    }
  }

  /// The days after the first one.
  private static let days = [
    otherwise(Array(first.dropFirst(7)), "!") + [Business("20000000", "new")],
    otherwise(first, "!"), Array(first.prefix(100)), first,
  ]

  /// Returns everything that loads write, except absolute times.
  private func content(_ harness: LoadHarness) throws -> [String] {
    try harness.database.content()
      + harness.database.rows(
        """
        SELECT ban, data_source_date, updated_at > created_at,
          (SELECT array_agg(p.id) FROM publication p WHERE p.published_at IN (r.created_at, r.updated_at))
        FROM tax_registration r ORDER BY ban
        """)
      + harness.database.rows(
        """
        SELECT job_run_id, source_date, ban, kind, reason, changed_columns, before, after FROM registration_change
        ORDER BY job_run_id, ban
        """)
      + harness.database.rows(
        "SELECT id, kind, action, registrations, industries, inserted, updated, removed, changes FROM publication ORDER BY id"
      )
      + harness.database.rows(
        """
        SELECT m.ban, r.created_at IS NULL, (SELECT p.id FROM publication p WHERE p.published_at = m.created_at)
        FROM removed_registration m LEFT JOIN tax_registration r USING (ban) ORDER BY 1
        """)
  }

  @Test("a rebuild gives the same rows, times, feed, history and counts as writing row by row, and can be rolled back")
  func equalToRowByRow() throws {
    try with(Self.first) { harness in
      try LoadHarness.with { plain in
        try plain.load(Self.first)
        var snapshots: [SnapshotFolder] = []
        for (number, rows) in Self.days.enumerated() {
          let options = TestSpool.Options(sourceDate: "2026-09-0\(number + 2)", chunkSize: 50)
          let before = try (table(harness), table(plain))
          snapshots.append(try harness.spool.snapshot(rows, options))
          for (harness, snapshot) in [(harness, snapshots[number]), (plain, try plain.spool.snapshot(rows, options))] {
            try harness.load(snapshot) { $0.acceptance = .test }
            try harness.expect(rows)
          }
          #expect(try table(harness) != before.0 && table(plain) == before.1)
          #expect(try content(harness) == content(plain), "day \(number)")
        }
        let before = try table(harness)
        try harness.load(snapshots[1]) { $0.action = .rollback }
        #expect(try table(harness) != before)
        try harness.expect(Self.days[1])
        #expect(try harness.database.images(asOf: "2026-09-02") == images(Self.days[0]))
        #expect(try harness.database.images(asOf: "2026-09-01") == images(Self.first))
      }
    }
  }

  @Test("readers see one day or the next, in tables, feed and publications")
  func readers() throws {
    try with(Self.first) { harness in
      var published: [String] = []
      let seen = try ConcurrentReader.with(harness.database) { reader in
        func look() throws {
          published.append(try #require(try harness.database.scalar(ConcurrentReader.statement)))
          reader.waitForALook()
        }
        try look()
        for (number, rows) in Self.days.enumerated() {
          let before = try table(harness)
          let snapshot = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-0\(number + 2)"))
          try harness.load(snapshot) {
            $0.acceptance = .test
            $0.limits.rebuildLockAttempts = 10_000
          }
          #expect(try table(harness) != before)
          try look()
        }
      }
      #expect(seen == published)
    }
  }

  /// Checks that a load that cannot swap the tables writes the rows one by one.
  private func writesRowsOneByOne(
    _ harness: LoadHarness, _ rows: [Business], _ change: (inout LoadSettings) -> Void = { _ in }
  ) throws {
    let before = try table(harness)
    let outcome = try harness.load(try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-02"))) {
      $0.acceptance = .test
      $0.limits.rebuildLockAttempts = 2
      $0.limits.snapshotWaitSeconds = 0.5
      change(&$0)
    }
    #expect(outcome.kind == .incremental && outcome.counts.kinds["changed"] == 120)
    #expect(try table(harness) == before)
    try harness.expect(rows)
  }

  @Test("an older transaction still sees the old rows, and the rows are written one by one")
  func oldSnapshot() throws {
    try with(Self.first) { harness in
      var old = try harness.database.open()
      try old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM publication")
      try writesRowsOneByOne(harness, Self.otherwise(Self.first, "!"))
      #expect(harness.log.notes.contains { $0.contains("a transaction that began before") })
      #expect(
        try old.execute("SELECT count(*) FROM tax_registration WHERE business_name NOT LIKE '%!'").number == 120)
    }
  }

  @Test(
    "a standby that keeps the rows its queries read: those queries see the old rows, and the rows are written one by one",
    .needsOwnServer, .timeLimit(.minutes(2)))
  func standby() throws {
    let server = try OwnServer()
    let url = try server.startStandby(["hot_standby_feedback = on", "wal_receiver_status_interval = 1s"])
    while try !server.execute("SELECT count(*) = 1 AND bool_and(backend_xmin IS NOT NULL) FROM pg_stat_replication")
      .truth
    {}
    try TestSpool.with { spool in
      try TestDatabase.with { database in
        var harness = LoadHarness(spool: spool, database: database)
        harness.rebuildShareMin = 0
        let onServer = { (settings: inout LoadSettings) in
          settings.databaseURL = server.url()
          settings.acceptance = .test
        }
        try harness.load(try spool.snapshot(Self.first), onServer)
        let number = "SELECT count(*) FROM tax_registration WHERE business_name"
        func wait(_ sql: String, _ rows: Int) {
          // Before the tables exist on the standby, the query fails.
          func found() -> Int? {
            guard var session = try? TestDatabase.open(url) else { return nil }
            return (try? session.execute(sql))?.number
          }
          while found() != rows {}
        }
        wait("\(number) IS NOT NULL", 120)
        var old = try TestDatabase.open(url)
        try old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM publication")
        try harness.load(
          try spool.snapshot(Self.otherwise(Self.first, "!"), .init(sourceDate: "2026-09-02")), onServer)
        #expect(harness.log.notes.contains { $0.contains("hot_standby_feedback") })
        wait("\(number) LIKE '%!'", 120)
        #expect(try old.execute("\(number) NOT LIKE '%!'").number == 120)
      }
    }
  }

  @Test("counts by group that are unknown do not keep the tables from being swapped")
  func unknownCounts() throws {
    try with(Self.first) { harness in
      try harness.database.execute("UPDATE publication SET businesses_by_city = NULL, businesses_by_type = NULL")
      let before = try table(harness)
      let snapshot = try harness.spool.snapshot(Self.otherwise(Self.first, "!"), .init(sourceDate: "2026-09-02"))
      try harness.load(snapshot) {
        $0.acceptance = .test
        $0.limits.snapshotWaitSeconds = 5
      }
      #expect(try table(harness) != before)
      #expect(
        try harness.database.rows(
          "SELECT businesses_by_city IS NOT NULL, businesses_by_type IS NOT NULL FROM publication ORDER BY id DESC LIMIT 1"
        ) == ["t|t"])
    }
  }

  @Test(
    "a session that reads the staging tables delays neither a swap nor a load row by row",
    .timeLimit(.minutes(2)), arguments: [0, Double.infinity])
  func stagingInUse(_ shareMin: Double) throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.rebuildShareMin = shareMin
      let rows = businesses(6000)
      try harness.load(rows)
      var dump = try harness.database.open()
      try dump.execute("BEGIN; LOCK TABLE incoming_industry, incoming_registration IN ACCESS SHARE MODE")
      let renamed = Self.otherwise(rows, "!")
      try harness.load(try harness.spool.snapshot(renamed, .init(sourceDate: "2026-09-02"))) { $0.acceptance = .test }
      try harness.expect(renamed)
      #expect(
        try harness.database.rows(
          "SELECT (SELECT count(*) FROM incoming_registration), (SELECT count(*) FROM incoming_industry)")
          == ["0|0"])
      try dump.execute("COMMIT")
    }
  }

  @Test("the wait for readers and writers that hold the tables is bounded")
  func heldTables() throws {
    for (statement, reason) in [
      ("SELECT FROM tax_registration", "readers hold locks on them"),
      ("UPDATE business_industry SET industry_name = industry_name WHERE false", "another session is writing to them"),
    ] {
      try with(Self.first) { harness in
        var other = try harness.database.open()
        try other.execute("BEGIN; \(statement)")
        try writesRowsOneByOne(harness, Self.otherwise(Self.first, "!"))
        #expect(harness.log.notes.contains { $0.contains(reason) }, "\(statement)")
      }
    }
  }

  @Test(
    "tables with dependent objects are not rebuilt",
    arguments: [
      "CREATE VIEW mine AS SELECT ban FROM tax_registration",
      "CREATE TABLE mine (ban text COLLATE \"C\" REFERENCES tax_registration)",
      "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER mine BEFORE UPDATE ON tax_registration FOR EACH ROW EXECUTE FUNCTION mine()",
      "ALTER TABLE tax_registration ADD COLUMN mine text",
    ])
  func obstacles(_ statement: String) throws {
    try with(Self.first) { harness in
      try harness.database.execute(statement)
      try writesRowsOneByOne(harness, Self.otherwise(Self.first, "!"))
    }
  }

  @Test("rights that a role has passed on are still revoked with that role's own")
  func handedOn() throws {
    try with(Self.first) { harness in
      let (lead, guest) = (harness.database.name + "_lead", harness.database.name + "_guest")
      try harness.database.execute(
        """
        CREATE ROLE \(lead); CREATE ROLE \(guest); GRANT SELECT ON tax_registration TO \(lead) WITH GRANT OPTION;
        GRANT USAGE ON SCHEMA \(harness.database.name) TO \(lead);
        SET ROLE \(lead); GRANT SELECT ON tax_registration TO \(guest); RESET ROLE
        """)
      defer { _ = try? harness.database.execute("DROP OWNED BY \(lead), \(guest); DROP ROLE \(lead), \(guest)") }
      try writesRowsOneByOne(harness, Self.otherwise(Self.first, "!"))
      try harness.database.execute("REVOKE SELECT ON tax_registration FROM \(lead) CASCADE")
      #expect(
        try harness.database.scalar("SELECT has_table_privilege('\(guest)', 'tax_registration', 'SELECT')") == "f")
    }
  }

  @Test("a rebuild keeps indexes, grants, defaults and comments")
  func properties() throws {
    try with(Self.first) { harness in
      try harness.database.execute(
        """
        CREATE INDEX mine ON tax_registration (lower(business_name)); GRANT SELECT ON business_industry TO PUBLIC;
        COMMENT ON TABLE tax_registration IS 'mine'; COMMENT ON INDEX mine IS 'my "index"''s';
        COMMENT ON INDEX tax_registration_pkey IS 'key'; ALTER TABLE tax_registration SET (fillfactor = 80)
        """)
      let properties = """
        SELECT c.relname, c.relacl, c.reloptions, obj_description(c.oid, 'pg_class'),
          (SELECT array_agg(pg_get_indexdef(i.indexrelid) ORDER BY pg_get_indexdef(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid),
          (SELECT array_agg(obj_description(i.indexrelid, 'pg_class') ORDER BY pg_get_indexdef(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid),
          (SELECT array_agg(conname || pg_get_constraintdef(k.oid) ORDER BY conname) FROM pg_constraint k WHERE k.conrelid = c.oid),
          (SELECT array_agg(pg_get_expr(d.adbin, d.adrelid) ORDER BY d.adnum) FROM pg_attrdef d WHERE d.adrelid = c.oid)
        FROM pg_class c WHERE c.oid IN ('tax_registration'::regclass, 'business_industry'::regclass) ORDER BY 1
        """
      let before = try (table(harness), harness.database.rows(properties))
      try harness.load(try harness.spool.snapshot(Self.otherwise(Self.first, "!"))) { $0.acceptance = .test }
      #expect(try table(harness) != before.0)
      #expect(try harness.database.rows(properties) == before.1)
    }
  }

  @Test("a row inserted by hand during the load is noticed: the load compares again")
  func changedMeanwhile() throws {
    try with(Self.first) { harness in
      let once = Once()
      let rows = Self.otherwise(Self.first, "!")
      let outcome = try harness.load(try harness.spool.snapshot(rows)) { [database = harness.database] settings in
        settings.acceptance = .test
        settings.atPoints { point in
          guard point == .batchCommitted(1) else { return }
          try once.run {
            try database.execute(
              """
              INSERT INTO tax_registration (ban, business_name, content_hash) VALUES ('30000000', 'by hand', 1)
              """)
          }
        }
      }
      #expect(outcome.result == .published && harness.log.retries == 1)
      try harness.expect(rows)
    }
  }

  @Test("an index that somebody creates while the tables are rebuilt stays: the rows are written one by one")
  func indexMeanwhile() throws {
    try with(Self.first) { harness in
      let before = try table(harness)
      let rows = Self.otherwise(Self.first, "?")
      try harness.load(harness.spool.snapshot(rows)) { settings in
        settings.acceptance = .test
        let events = settings.events
        settings.events = { event in
          events(event)
          guard case .phase("checking the foreign key") = event else { return }
          do { try harness.database.execute("CREATE INDEX own_idx ON tax_registration (business_setup_date)") } catch {
            Issue.record(error)
          }
        }
      }
      try harness.expect(rows)
      #expect(try table(harness) == before)
      #expect(try harness.database.scalar("SELECT to_regclass('own_idx') IS NOT NULL") == "t")
      #expect(harness.log.all.contains { "\($0)".contains("an index was created") })
    }
  }

  @Test("tables whose rebuild fails on a full disk are dropped at once, and the next load succeeds")
  func fullDisk() throws {
    try LoadHarness.withDatabase { harness in
      var harness = harness
      harness.rebuildShareMin = 0
      try harness.load(Self.first)
      let rows = Self.otherwise(Self.first, "?")
      let snapshot = try harness.spool.snapshot(rows)
      try harness.database.execute(
        """
        CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
          IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%\\_bulk%') THEN
            RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';
          END IF; END $$;
        CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'ALTER TABLE')
          EXECUTE FUNCTION full_disk()
        """)
      let failure = #expect(throws: Failure.self) { try harness.load(snapshot) { $0.acceptance = .test } }
      #expect(failure?.message.contains("53100") ?? false, "\(String(describing: failure))")
      #expect(try harness.database.scalar("SELECT to_regclass('tax_registration_bulk') IS NULL") == "t")
      let changed = "SELECT count(*) FROM tax_registration WHERE business_name LIKE '%?'"
      #expect(try harness.database.scalar(changed) == "0")
      try harness.database.execute("DROP EVENT TRIGGER full_disk")
      try harness.load(snapshot) { $0.acceptance = .test }
      try harness.expect(rows)
    }
  }

  @Test("industries without a business prevent a swap, and load --verify removes them")
  func orphans() throws {
    try with(Self.first) { harness in
      let orphan = """
        SET session_replication_role = replica;
        INSERT INTO business_industry (business_id, industry_code, industry_name, "order") VALUES ('99999999', '1', 'x', 1)
        """
      try harness.database.execute(orphan)
      let before = try table(harness)
      let rows = Self.otherwise(Self.first, "?")
      let snapshot = try harness.spool.snapshot(rows)
      try harness.load(snapshot) { $0.acceptance = .test }
      #expect(try table(harness) == before, "written row by row")
      let count = "SELECT count(*) FROM business_industry WHERE business_id = '99999999'"
      #expect(try harness.database.scalar(count) == "1")
      #expect(try harness.load(snapshot) { $0.verify = true }.repaired == 0)
      #expect(try harness.database.scalar(count) == "0")
      try harness.expect(rows)
      let counted = try harness.database.scalar("SELECT industries FROM publication ORDER BY id DESC LIMIT 1")
      #expect(try counted == harness.database.scalar("SELECT count(*) FROM business_industry"))
    }
  }
}
