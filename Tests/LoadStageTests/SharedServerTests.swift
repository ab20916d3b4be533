import LoadStage
import Postgres
import Spool
import Support
import Synchronization
import TestCluster
import Testing

/// What other people have set up on the server or in the database.
@Suite("Shared servers", .needsOwnServer)
struct SharedServerTests {
  @Test("a load uses the sessions that the role is granted, if there are three", arguments: [2, 3, 5])
  func connectionLimit(_ limit: Int) throws {
    try LoadHarness.with { harness in
      let role = "few_" + harness.database.name
      try harness.database.execute(
        """
        CREATE ROLE \(role) LOGIN CONNECTION LIMIT \(limit);
        GRANT CREATE, USAGE ON SCHEMA \(harness.database.name) TO \(role)
        """)
      defer { _ = try? harness.database.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)") }
      let snapshot = try harness.spool.snapshot(businesses(200), .init(chunkSize: 10))
      let change = { (settings: inout LoadSettings) in
        settings.databaseURL = harness.database.url(user: role)
        settings.jobs = 4
      }
      guard limit >= 3 else {
        let failure = try harness.failure(snapshot, change)
        #expect(failure.category == .temporary)
        #expect(failure.hints.contains { $0.description.contains("a load needs 3 sessions at once") }, "\(failure)")
        return
      }
      try harness.load(snapshot, change)
      try harness.expect(businesses(200))
    }
  }

  @Test(
    "if an event trigger refuses to replace tables, the first load and a mass change write rows",
    arguments: ["DROP TABLE", "CREATE TABLE", "CREATE INDEX", "ALTER TABLE"])
  func eventTrigger(_ tag: String) throws {
    try LoadHarness.withDatabase { harness in
      var harness = harness
      harness.rebuildShareMin = 0
      try harness.makeTables()
      try harness.database.execute(
        """
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
          'BEGIN RAISE EXCEPTION ''no % here'', tg_tag; END';
        CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('\(tag)') EXECUTE FUNCTION refuse()
        """)
      defer { _ = try? harness.database.execute("DROP EVENT TRIGGER IF EXISTS refuse") }
      try harness.load(businesses(10))
      try harness.expect(businesses(10))
      #expect(harness.log.notes.contains { $0.contains("an event trigger refuses that: no \(tag) here") })
      let changed = GateTests.renamed(10, of: businesses(10))
      let snapshot = try harness.spool.snapshot(changed)
      try harness.load(snapshot) { $0.acceptance = .test }
      try harness.expect(changed)
    }
  }

  @Test("an event trigger that only watches leaves no trace of the attempt, and the tables are replaced")
  func watchingEventTrigger() throws {
    try LoadHarness.withDatabase { harness in
      try harness.database.execute(
        """
        CREATE TABLE seen (tag text, object text);
        CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS
          'BEGIN INSERT INTO \(harness.database.name).seen SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands(); END';
        CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()
        """)
      let outcome = try harness.load(businesses(10))
      #expect(outcome.kind == .initial)
      #expect(try harness.database.scalar("SELECT count(*) FROM seen WHERE object LIKE '%probe%'") == "0")
      #expect(try harness.database.scalar("SELECT count(*) > 0 FROM seen") == "t")
    }
  }

  @Test(
    "after a schema is renamed, the next load corrects the functions that name it",
    arguments: ["plain", "r", "A \"b", "old_SCHEMA"])
  func renamedSchema(_ name: String) throws {
    try LoadHarness.withDatabase { harness in
      try harness.load(businesses(3), .init(sourceDate: "2026-08-01"))
      try harness.load(businesses(5), .init(sourceDate: "2026-08-02"))
      let name = name.replacing("SCHEMA", with: harness.database.name)
      let quoted = "\"" + name.replacing("\"", with: "\"\"") + "\""
      let first = harness.database.name
      func rows(_ schema: String) throws -> [String] {
        try ["2026-08-01", "2026-08-02"].map {
          try harness.database.scalar("SELECT count(*) FROM \(schema).registry_as_of('\($0)')") ?? ""
        } + [
          try harness.database.scalar(
            "SELECT count(*) FROM \(schema).tax_registration, \(schema).registry_history(ban)") ?? "",
          try harness.database.scalar(
            "SELECT string_agg(obj_description(oid), '') FROM pg_proc WHERE proname LIKE 'registry%'")
            ?? "",
        ]
      }
      let before = try rows(first)
      for (from, to) in [(first, quoted), (quoted, first)] {
        try harness.database.execute("ALTER SCHEMA \(from) RENAME TO \(to)")
        let snapshot = try harness.spool.snapshot(businesses(5), .init(sourceDate: "2026-08-02"))
        let encoded = to.replacing("\"", with: "%22").replacing(" ", with: "%5C%20")
        let url = harness.database.url.replacing("search_path%3D\(first)", with: "search_path%3D\(encoded)")
        try harness.load(snapshot) { $0.databaseURL = url }
        #expect(try rows(to) == before)
      }
    }
  }

  @Test("a table that has lost its primary key is named: 78")
  func missingKey() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3))
      try harness.database.execute(
        "ALTER TABLE removed_registration DROP CONSTRAINT removed_registration_pkey; ALTER TABLE publication DROP CONSTRAINT publication_pkey CASCADE"
      )
      let failure = try harness.failure(try harness.spool.snapshot(businesses(4)))
      #expect(failure.category == .configuration)
      #expect(failure.message.hasSuffix("these tables have no primary key: publication, removed_registration"))
      #expect(try harness.registry().count == 3)
    }
  }

  @Test("a COMMIT that waits for a synchronous standby is reported", .timeLimit(.minutes(2)))
  func missingStandby() throws {
    let server = try OwnServer(["wal_level = replica"])
    try LoadHarness.with { harness in
      try server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
      try server.execute("SELECT pg_reload_conf()")
      let snapshot = try harness.spool.snapshot(businesses(3))
      let result = Mutex<Result<LoadOutcome, any Error>?>(nil)
      let thread = JoinableThread.start {
        let outcome = Result {
          try harness.load(snapshot) { $0.databaseURL = server.url() + "&tcp_user_timeout=500" }
        }
        result.withLock { $0 = outcome }
      }
      while !harness.log.advice.contains(where: { $0.hasPrefix("COMMIT waits for a synchronous standby") }) {
        #expect(result.withLock { $0 == nil })
        if result.withLock({ $0 != nil }) { break }
      }
      var session = try server.open()
      try session.execute("SET synchronous_commit = local")
      try session.execute("ALTER SYSTEM RESET synchronous_standby_names")
      try session.execute("SELECT pg_reload_conf()")
      #expect(thread?.join(seconds: 60) == true)
      let outcome = try #require(result.withLock { $0 }).get()
      #expect(outcome.after.registrations == 3)
    }
  }
}
