import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import Testing

/// What keeps load from swapping the tables: it then writes the rows one by one.
@Suite("Obstacles to a swap", .needsServer)
struct RebuildObstacleTests {
  /// Checks that a load that cannot swap the tables writes the rows one by one.
  private func writesRowsOneByOne(
    _ harness: LoadHarness, _ rows: [Business], _ change: (inout LoadSettings) -> Void = { _ in }
  ) throws {
    let before = try RebuildTests.table(harness)
    let outcome = try harness.load(try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-02"))) {
      $0.acceptance = .test
      $0.limits.rebuildLockAttempts = 2
      $0.limits.snapshotWaitSeconds = 0.5
      change(&$0)
    }
    #expect(outcome.kind == .incremental && outcome.counts.kinds["changed"] == 120)
    #expect(try RebuildTests.table(harness) == before)
    try harness.expect(rows)
  }

  @Test("an older transaction still sees the old rows, and the rows are written one by one")
  func oldSnapshot() throws {
    try RebuildTests.with(RebuildTests.first) { harness in
      var old = try harness.database.open()
      try old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM publication")
      try writesRowsOneByOne(harness, RebuildTests.otherwise(RebuildTests.first, "!"))
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
        try harness.load(try spool.snapshot(RebuildTests.first), onServer)
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
          try spool.snapshot(RebuildTests.otherwise(RebuildTests.first, "!"), .init(sourceDate: "2026-09-02")), onServer
        )
        #expect(harness.log.notes.contains { $0.contains("hot_standby_feedback") })
        wait("\(number) LIKE '%!'", 120)
        #expect(try old.execute("\(number) NOT LIKE '%!'").number == 120)
      }
    }
  }

  @Test("the wait for readers and writers that hold the tables is bounded")
  func heldTables() throws {
    for (statement, reason) in [
      ("SELECT FROM tax_registration", "readers hold locks on them"),
      ("UPDATE business_industry SET industry_name = industry_name WHERE false", "another session is writing to them"),
    ] {
      try RebuildTests.with(RebuildTests.first) { harness in
        var other = try harness.database.open()
        try other.execute("BEGIN; \(statement)")
        try writesRowsOneByOne(harness, RebuildTests.otherwise(RebuildTests.first, "!"))
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
    try RebuildTests.with(RebuildTests.first) { harness in
      try harness.database.execute(statement)
      try writesRowsOneByOne(harness, RebuildTests.otherwise(RebuildTests.first, "!"))
    }
  }

  @Test("rights that a role has passed on are still revoked with that role's own")
  func handedOn() throws {
    try RebuildTests.with(RebuildTests.first) { harness in
      let (lead, guest) = (harness.database.name + "_lead", harness.database.name + "_guest")
      try harness.database.execute(
        """
        CREATE ROLE \(lead); CREATE ROLE \(guest); GRANT SELECT ON tax_registration TO \(lead) WITH GRANT OPTION;
        GRANT USAGE ON SCHEMA \(harness.database.name) TO \(lead);
        SET ROLE \(lead); GRANT SELECT ON tax_registration TO \(guest); RESET ROLE
        """)
      defer { _ = try? harness.database.execute("DROP OWNED BY \(lead), \(guest); DROP ROLE \(lead), \(guest)") }
      try writesRowsOneByOne(harness, RebuildTests.otherwise(RebuildTests.first, "!"))
      try harness.database.execute("REVOKE SELECT ON tax_registration FROM \(lead) CASCADE")
      #expect(
        try harness.database.scalar("SELECT has_table_privilege('\(guest)', 'tax_registration', 'SELECT')") == "f")
    }
  }

  @Test("an index that somebody creates while the tables are rebuilt stays: the rows are written one by one")
  func indexMeanwhile() throws {
    try RebuildTests.with(RebuildTests.first) { harness in
      let before = try RebuildTests.table(harness)
      let rows = RebuildTests.otherwise(RebuildTests.first, "?")
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
      #expect(try RebuildTests.table(harness) == before)
      #expect(try harness.database.scalar("SELECT to_regclass('own_idx') IS NOT NULL") == "t")
      #expect(harness.log.all.contains { "\($0)".contains("an index was created") })
    }
  }

  @Test("industries without a business prevent a swap, and load --verify removes them")
  func orphans() throws {
    try RebuildTests.with(RebuildTests.first) { harness in
      let orphan = """
        SET session_replication_role = replica;
        INSERT INTO business_industry (business_id, industry_code, industry_name, "order") VALUES ('99999999', '1', 'x', 1)
        """
      try harness.database.execute(orphan)
      let before = try RebuildTests.table(harness)
      let rows = RebuildTests.otherwise(RebuildTests.first, "?")
      let snapshot = try harness.spool.snapshot(rows)
      try harness.load(snapshot) { $0.acceptance = .test }
      #expect(try RebuildTests.table(harness) == before, "written row by row")
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
