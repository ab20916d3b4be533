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
  static func with(_ rows: [Business], _ body: (LoadHarness) throws -> Void) throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.rebuildShareMin = 0
      try harness.load(rows)
      try body(harness)
    }
  }

  static func table(_ harness: LoadHarness) throws -> String? {
    try harness.database.scalar("SELECT 'tax_registration'::regclass::oid")
  }

  static let first = businesses(120)

  static func otherwise(_ rows: [Business], _ mark: String) -> [Business] {
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
    try Self.with(Self.first) { harness in
      try LoadHarness.with { plain in
        try plain.load(Self.first)
        var snapshots: [SnapshotFolder] = []
        for (number, rows) in Self.days.enumerated() {
          let options = TestSpool.Options(sourceDate: "2026-09-0\(number + 2)", chunkSize: 50)
          let before = try (Self.table(harness), Self.table(plain))
          snapshots.append(try harness.spool.snapshot(rows, options))
          for (harness, snapshot) in [(harness, snapshots[number]), (plain, try plain.spool.snapshot(rows, options))] {
            try harness.load(snapshot) { $0.acceptance = .test }
            try harness.expect(rows)
          }
          #expect(try Self.table(harness) != before.0 && Self.table(plain) == before.1)
          #expect(try content(harness) == content(plain), "day \(number)")
        }
        let before = try Self.table(harness)
        try harness.load(snapshots[1]) { $0.action = .rollback }
        #expect(try Self.table(harness) != before)
        try harness.expect(Self.days[1])
        #expect(try harness.database.images(asOf: "2026-09-02") == images(Self.days[0]))
        #expect(try harness.database.images(asOf: "2026-09-01") == images(Self.first))
      }
    }
  }

  @Test("readers see one day or the next, in tables, feed and publications")
  func readers() throws {
    try Self.with(Self.first) { harness in
      var published: [String] = []
      let seen = try ConcurrentReader.with(harness.database) { reader in
        func look() throws {
          published.append(try #require(try harness.database.scalar(ConcurrentReader.statement)))
          reader.waitForALook()
        }
        try look()
        for (number, rows) in Self.days.enumerated() {
          let before = try Self.table(harness)
          let snapshot = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-0\(number + 2)"))
          try harness.load(snapshot) {
            $0.acceptance = .test
            $0.limits.rebuildLockAttempts = 10_000
          }
          #expect(try Self.table(harness) != before)
          try look()
        }
      }
      #expect(seen == published)
    }
  }

  @Test("counts by group that are unknown do not keep the tables from being swapped")
  func unknownCounts() throws {
    try Self.with(Self.first) { harness in
      try harness.database.execute("UPDATE publication SET businesses_by_city = NULL, businesses_by_type = NULL")
      let before = try Self.table(harness)
      let snapshot = try harness.spool.snapshot(Self.otherwise(Self.first, "!"), .init(sourceDate: "2026-09-02"))
      try harness.load(snapshot) {
        $0.acceptance = .test
        $0.limits.snapshotWaitSeconds = 5
      }
      #expect(try Self.table(harness) != before)
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

  @Test("a rebuild keeps indexes, grants, defaults and comments")
  func properties() throws {
    try Self.with(Self.first) { harness in
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
      let before = try (Self.table(harness), harness.database.rows(properties))
      try harness.load(try harness.spool.snapshot(Self.otherwise(Self.first, "!"))) { $0.acceptance = .test }
      #expect(try Self.table(harness) != before.0)
      #expect(try harness.database.rows(properties) == before.1)
    }
  }

  @Test("a row inserted by hand during the load is noticed: the load compares again")
  func changedMeanwhile() throws {
    try Self.with(Self.first) { harness in
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
}
