import LoadStage
import Postgres
import Support
import TestCluster
import Testing

@Suite("Rights and settings", .needsServer)
struct RightsTests {
  @Test("a table with a registry table's name that load did not create: 78")
  func foreignTable() throws {
    try LoadHarness.with { harness in
      try harness.database.execute("CREATE TABLE tax_registration (ban text)")
      let snapshot = try harness.spool.snapshot(businesses(1))
      let failure = try harness.failure(snapshot)
      #expect(failure.category == .configuration)
      #expect(failure.message.hasSuffix("but load did not create them: tax_registration"))
      // A dry run reports the same.
      let checked = #expect(throws: Failure.self) { try harness.check(snapshot) }
      #expect(checked?.message == failure.message)
      #expect(try harness.database.scalar("SELECT to_regclass('schema_migration')") == nil)
    }
  }

  @Test("tables of a newer or of an unreleased version: 78")
  func otherVersions() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(1))
      try harness.database.execute("INSERT INTO schema_migration (version, name, sha256) VALUES (99, 'later', 'x')")
      let snapshot = try harness.spool.snapshot(businesses(2))
      #expect(try harness.failure(snapshot).category == .configuration)
      try harness.database.execute(
        "DELETE FROM schema_migration WHERE version = 99; UPDATE schema_migration SET sha256 = 'x'")
      #expect(try harness.failure(snapshot).category == .configuration)
    }
  }

  @Test("a search_path without an existing schema: 78")
  func noSchema() throws {
    try LoadHarness.with { harness in
      let failure = try harness.failure(try harness.spool.snapshot(businesses(1))) {
        $0.databaseURL = harness.database.url(schema: "no_such_schema")
      }
      #expect(failure.category == .configuration)
    }
  }

  @Test("tables with the same names later in the search_path are not touched", .needsOwnServer)
  func searchPath() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3))
      let other = "o_" + harness.database.name
      try harness.database.execute("CREATE SCHEMA \(other)")
      let outcome = try harness.load(try harness.spool.snapshot(businesses(5))) {
        $0.databaseURL = harness.database.url(schema: "\(other)%2C\(harness.database.name)")
      }
      #expect(outcome.kind == .initial)
      try harness.expect(businesses(3))
      #expect(try harness.database.scalar("SELECT count(*) FROM \(other).tax_registration") == "5")
      try harness.database.execute("SET client_min_messages = error; DROP SCHEMA \(other) CASCADE")
    }
  }

  @Test("wrong password, no such role, no such database: 69; not reachable: 75; malformed: 64", .needsOwnServer)
  func connecting() throws {
    try LoadHarness.with { harness in
      let cluster = try TestCluster.shared.get()
      let snapshot = try harness.spool.snapshot(businesses(1))
      let cases: [(String, ExitCategory, String)] = [
        (cluster.ownURL(user: "with_password:geheim"), .unavailable, "PGPASSFILE"),
        (cluster.ownURL(user: "with_password"), .unavailable, "PGPASSFILE"),
        (cluster.ownURL(user: "nobody:geheim"), .unavailable, "DATABASE_URL"),
        (cluster.ownURL(user: "postgres", database: "nowhere"), .unavailable, "createdb"),
        ("postgresql://postgres:geheim@/x?host=/tmp/no-such-folder", .temporary, "run the same command again"),
        ("postgresql://postgres:geheim@127.0.0.1:1/x", .temporary, "run the same command again"),
        ("postgresql://postgres:ge heim@[bad/x", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h/x?nonsense=1", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h:99999/x", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h/x?sslmode=geheim", .usage, "percent-encoded"),
      ]
      for (url, category, hint) in cases {
        let failure = try harness.failure(snapshot) { $0.databaseURL = url }
        #expect(failure.category == category, "\(url): \(failure)")
        #expect(failure.hints.contains { $0.description.contains(hint) }, "\(url): \(failure)")
        #expect(!"\(failure)".contains("heim"), "\(failure)")
      }
      #expect(harness.log.retries == 6)
    }
  }

  @Test(
    "a publication that does not fit a table: 78, and the hint says how to correct it", .needsOwnServer,
    arguments: [
      "WHERE (business_name <> 'x')", "(business_name)", "; ALTER TABLE tax_registration REPLICA IDENTITY NOTHING",
    ])
  func publication(_ definition: String) throws {
    try LoadHarness.with { harness in
      var rows = businesses(120)
      try harness.load(rows)
      try harness.database.execute(
        """
        SET client_min_messages = error;
        CREATE PUBLICATION \(harness.database.name) FOR TABLE tax_registration \(definition)
        """)
      defer { _ = try? harness.database.execute("DROP PUBLICATION \(harness.database.name)") }
      rows[3].name = "changed"
      let failure = try harness.failure(try harness.spool.snapshot(rows))
      #expect(failure.category == .configuration, "\(failure)")
      #expect(failure.message.contains(definition.contains("IDENTITY") ? "55000" : "42P10"), "\(failure)")
      #expect(failure.hints.contains { $0.description.contains("publication") }, "\(failure)")
      #expect(harness.log.retries == 0)
      try harness.database.execute(
        "DROP PUBLICATION \(harness.database.name); ALTER TABLE tax_registration REPLICA IDENTITY DEFAULT")
      try harness.load(rows)
    }
  }

  @Test("a temp_file_limit that is too low: 78, and it is named", .needsOwnServer)
  func temporaryFiles() throws {
    try TestDatabase.with { database in
      var session = try TestDatabase.open(database.url + "%20-ctemp_file_limit%3D1kB%20-cwork_mem%3D64kB")
      let error = #expect(throws: PostgresError.self) {
        try session.execute("SELECT g FROM generate_series(1, 20000) AS g ORDER BY g::text OFFSET 19999")
      }
      let failure = Failure(ofLoad: try #require(error))
      #expect(failure.category == .configuration, "\(failure)")
      #expect(failure.hints.contains { $0.description.contains("temp_file_limit") }, "\(failure)")
    }
  }
}
