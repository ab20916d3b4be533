import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import TestSupport
import Testing

@Suite("The first whole snapshot after samples", .needsServer)
struct FirstWholeTests {
  private static let sample = TestSpool.Options(sourceDate: "2026-08-01", sample: true)
  private static let limited = TestSpool.Options(sourceDate: "2026-08-15", limit: 9)

  /// Loads two samples that leave a change feed, and adds a correction and a removed business.
  private func loadSamples(_ harness: LoadHarness) throws {
    try harness.load(businesses(9), Self.sample)
    try harness.load([Business("99999999", "of the sample alone")] + businesses(8), Self.limited)
    try harness.database.execute(
      """
      INSERT INTO registration_correction (ban, content, content_hash, corrected_by, job_run_id)
      SELECT '10000001', '{}', content_hash, 'ops', 1 FROM tax_registration WHERE ban = '10000001';
      INSERT INTO removed_registration (ban, created_at) VALUES ('99999998', now())
      """)
    #expect(try harness.database.scalar("SELECT count(*) > 0 FROM registration_change") == "t")
  }

  /// Checks that only the job runs are left of the samples.
  private func expectBase(_ harness: LoadHarness, _ rows: [Business]) throws {
    try harness.expect(rows)
    #expect(
      try harness.database.rows(
        """
        SELECT (SELECT count(*) FROM registration_change), (SELECT count(*) FROM registration_correction),
          (SELECT count(*) FROM removed_registration), (SELECT string_agg(snapshot || whole, ' ') FROM publication) IS NOT NULL,
          (SELECT count(*) FROM publication), (SELECT count(*) FROM etl_job_run)
        """) == ["0|0|0|t|1|3"])
    // The feed begins with this publication: it added every business, and nothing was before it.
    #expect(throws: (any Error).self) {
      try harness.database.scalar("SELECT count(*) FROM registry_as_of('2026-08-20')")
    }
    #expect(try harness.database.scalar("SELECT count(*) FROM registry_as_of('2026-09-01')") == "\(rows.count)")
    #expect(try harness.database.rows("SELECT kind, job_run_id FROM registry_history('10000002')") == ["added|3"])
  }

  @Test("is an initial load: it replaces the tables, and no data of the samples is left")
  func replaces() throws {
    try LoadHarness.with { harness in
      try loadSamples(harness)
      try harness.database.execute(
        """
        CREATE INDEX mine ON tax_registration (capital_amount);
        GRANT SELECT ON tax_registration, business_industry TO PUBLIC
        """)
      let rows = businesses(35)
      let snapshot = try harness.spool.snapshot(rows)
      let check = try harness.check(snapshot)
      #expect(check.refusals == [] && check.changes.kinds == ["added": 35] && check.registrations == 10)
      let outcome = try harness.load(snapshot)
      #expect(outcome.kind == .initial && outcome.changes.inserted == 35 && outcome.counts.kinds == [:])
      try expectBase(harness, rows)
      #expect(try harness.database.scalar("SELECT 'mine'::regclass IS NOT NULL") == "t")
      #expect(
        try harness.database.scalar(
          "SELECT relacl::text LIKE '%=r/%' FROM pg_class WHERE oid = 'tax_registration'::regclass") == "t")
      // The next day is compared with this snapshot.
      try harness.load(businesses(36), .init(sourceDate: "2026-09-02"))
      #expect(try harness.database.rows("SELECT kind FROM registration_change") == ["added"])
    }
  }

  @Test(
    "if objects depend on the tables, the rows are written into the existing tables",
    arguments: [
      "CREATE VIEW hanging AS SELECT ban FROM tax_registration",
      "CREATE TABLE hanging AS SELECT ban FROM tax_registration WHERE ban <> '99999999'; ALTER TABLE hanging ADD FOREIGN KEY (ban) REFERENCES tax_registration",
    ])
  func hanging(_ statement: String) throws {
    try LoadHarness.with { harness in
      try loadSamples(harness)
      try harness.database.execute(statement)
      let rows = businesses(35)
      let outcome = try harness.load(rows)
      #expect(outcome.kind == .incremental && outcome.counts.kinds == [:])
      try expectBase(harness, rows)
      #expect(try harness.database.scalar("SELECT count(*) >= 8 FROM hanging") == "t")
    }
  }

  @Test("readers see either the sample or the whole registry")
  func readers() throws {
    for view in [false, true] {
      try LoadHarness.with { harness in
        try harness.load(businesses(9), Self.sample)
        if view { try harness.database.execute("CREATE VIEW hanging AS SELECT ban FROM tax_registration") }
        let snapshot = try harness.spool.snapshot(businesses(200))
        var published: [String] = []
        let seen = try ConcurrentReader.with(harness.database) { reader in
          func read() throws {
            published.append(try #require(try harness.database.scalar(ConcurrentReader.statement)))
            reader.waitForALook()
          }
          try read()
          try harness.load(snapshot) { settings in
            settings.limits.lockTimeoutMilliseconds = 2000
            settings.atPoints { if case .batchCommitted = $0 { reader.waitForALook() } }
          }
          try read()
        }
        #expect(seen == published, "view: \(view)")
      }
    }
  }

  @Test("a repeatable-read transaction still sees the sample, and the tables are not swapped")
  func repeatableRead() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(9), Self.sample)
      var reader = try harness.database.open()
      try reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM publication")
      let rows = businesses(35)
      let outcome = try harness.load(rows)
      // The tables could not be swapped: the rows were written into them.
      #expect(outcome.kind == .incremental)
      #expect(try reader.execute("SELECT count(*) FROM tax_registration").scalar == "9")
      try reader.execute("COMMIT")
      #expect(try reader.execute("SELECT count(*) FROM tax_registration").scalar == "35")
      try harness.expect(rows)
    }
  }

  @Test("a table that references the registry since the load began keeps its rows")
  func hangsLater() throws {
    for action in ["CASCADE", "NO ACTION"] {
      try LoadHarness.with { harness in
        try harness.load(businesses(9), Self.sample)
        let snapshot = try harness.spool.snapshot(businesses(35))
        let once = Once()
        let outcome = try harness.load(snapshot) { [database = harness.database] settings in
          settings.atPoints { point in
            guard case .batchCommitted = point else { return }
            try once.run {
              try database.execute(
                """
                CREATE TABLE notes (ban text COLLATE "C" REFERENCES tax_registration ON DELETE \(action));
                INSERT INTO notes SELECT ban FROM tax_registration
                """)
            }
          }
        }
        #expect(outcome.kind == .incremental && outcome.counts.kinds == [:])
        #expect(try harness.database.scalar("SELECT count(*) FROM notes") == "9")
        try harness.expect(businesses(35))
      }
    }
  }

  @Test(
    "tables in a logical-replication publication are not replaced",
    arguments: ["FOR TABLE tax_registration", "FOR TABLES IN SCHEMA current"])
  func replicated(_ what: String) throws {
    try LoadHarness.with { harness in
      let name = harness.database.name
      if what.contains("SCHEMA") {
        guard try harness.database.scalar("SELECT current_setting('server_version_num')::int >= 150000") == "t" else {
          return
        }
      }
      try harness.load(businesses(9), Self.sample)
      try harness.database.execute(
        "CREATE PUBLICATION p_\(name) \(what.replacing("current", with: name)) WITH (publish = 'insert')")
      defer { _ = try? harness.database.execute("DROP PUBLICATION p_\(name)") }
      #expect(try harness.load(businesses(35)).kind == .incremental)
      try harness.expect(businesses(35))
    }
  }

  @Test("a missing column that was accepted with a sample is not refused again")
  func acceptedColumn() throws {
    try LoadHarness.with { harness in
      var options = Self.sample
      options.notes = GateTests.lacking("資本額")
      try harness.load(try harness.spool.snapshot(businesses(9), options)) { $0.acceptance = .test }
      options.sample = false
      options.sourceDate = "2026-09-01"
      #expect(try harness.load(businesses(35), options).kind == .initial)
    }
  }

  @Test("a role without the right to delete the samples' publications writes the rows one by one")
  func withoutTheRight() throws {
    try LoadHarness.with { harness in
      try loadSamples(harness)
      let role = harness.database.name + "_old"
      try harness.database.execute(
        """
        CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA \(harness.database.name) TO \(role);
        GRANT ALL ON ALL TABLES IN SCHEMA \(harness.database.name) TO \(role);
        GRANT ALL ON ALL SEQUENCES IN SCHEMA \(harness.database.name) TO \(role);
        REVOKE DELETE ON publication FROM \(role); DELETE FROM registration_correction
        """)
      defer { _ = try? harness.database.execute("DROP OWNED BY \(role); DROP ROLE \(role)") }
      let snapshot = try harness.spool.snapshot(businesses(35))
      let url = harness.database.url(user: role)
      #expect(try harness.load(snapshot) { $0.databaseURL = url }.kind == .incremental)
      #expect(try harness.database.scalar("SELECT count(*) FROM publication") == "3")
      try harness.expect(businesses(35))
    }
  }
}
