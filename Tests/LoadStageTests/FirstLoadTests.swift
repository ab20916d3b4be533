import LoadStage
import Postgres
import Spool
import Support
import Synchronization
import TestCluster
import Testing

@Suite("The initial load", .needsServer)
struct FirstLoadTests {
  @Test("fills the registry and leaves no working data behind")
  func fillsTheRegistry() throws {
    try LoadHarness.with { harness in
      let rows = businesses(35)
      let outcome = try harness.load(rows)
      #expect(outcome.kind == .initial)
      #expect(outcome.status == .success)
      #expect(outcome.before == RegistryState(registrations: 0, industries: 0))
      #expect(outcome.after == RegistryState(registrations: 35, industries: 70))
      #expect(outcome.changes.inserted == 35)
      try harness.expect(rows)
      #expect(try harness.jobs() == ["success|-"])
      #expect(
        try harness.database.rows("SELECT last_successful_batch, current_batch, total_batches FROM import_progress")
          == ["4|4|4"])
      #expect(
        try harness.database.rows("SELECT DISTINCT data_source_date, created_at = updated_at FROM tax_registration")
          == ["2026-09-01|t"])
    }
  }

  @Test("keeps NULLs, tabs, backslashes, line breaks and four-byte characters")
  func keepsText() throws {
    try LoadHarness.with { harness in
      var odd = Business("00000001", "a\tb\\N\n𥂁󻕯")
      odd.address = nil
      odd.capital = nil
      odd.invoice = nil
      odd.industries = []
      try harness.load([odd])
      #expect(
        try harness.database.rows(
          "SELECT business_name, business_address, capital_amount, is_use_invoice FROM tax_registration")
          == ["a\tb\\N\n𥂁󻕯|-|-|-"])
    }
  }

  @Test("a snapshot without a source date leaves it NULL")
  func withoutSourceDate() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3), .init(sourceDate: nil))
      #expect(try harness.database.rows("SELECT DISTINCT data_source_date FROM tax_registration") == ["-"])
      #expect(try harness.database.rows("SELECT source_date FROM publication") == ["-"])
    }
  }

  @Test(
    "the new tables have the columns, defaults, indexes, constraints, comments and grants of the replaced ones"
  )
  func sameDefinition() throws {
    try LoadHarness.with { harness in
      try prepare(harness)
      try harness.database.execute(
        """
        CREATE INDEX "an index of the Owner" ON tax_registration (lower(business_name)) WHERE capital_amount > 0;
        -- Two names of the maximum length, 63 bytes, that differ only at their end.
        CREATE INDEX \(String(repeating: "x", count: 62))a ON tax_registration (business_name DESC);
        CREATE INDEX \(String(repeating: "x", count: 62))b ON tax_registration (capital_amount DESC);
        GRANT SELECT ON tax_registration, business_industry TO PUBLIC;
        ALTER TABLE tax_registration SET (fillfactor = 80);
        -- A server may have column options of its own that users cannot set.
        UPDATE pg_attribute SET attoptions = '{server_version=1}'
          WHERE attrelid IN ('tax_registration'::regclass, 'business_industry'::regclass) AND attnum > 0
        """)
      let before = try definition(harness)
      #expect(try harness.load(businesses(35)).kind == .initial)
      #expect(try definition(harness) == before)
      #expect(before.contains { $0.contains("an index of the Owner") })
      // The load's own column defaults are gone.
      try harness.database.execute(
        "INSERT INTO tax_registration (ban, business_name, content_hash) VALUES ('99999999', 'by hand', 0)")
      #expect(
        try harness.database.scalar("SELECT data_source_date IS NULL FROM tax_registration WHERE ban = '99999999'")
          == "t")
    }
  }

  @Test(
    "objects that depend on the empty tables survive: the rows are inserted instead",
    arguments: [
      "CREATE VIEW hanging AS SELECT ban, business_name FROM tax_registration",
      "CREATE TABLE hanging (ban text COLLATE \"C\" REFERENCES tax_registration)",
      "CREATE FUNCTION hanging(tax_registration) RETURNS text LANGUAGE sql AS 'SELECT $1.ban'",
      "CREATE STATISTICS hanging ON business_type, is_use_invoice FROM tax_registration",
      "ALTER TABLE tax_registration ADD COLUMN hanging text DEFAULT 'x'",
      "ALTER TABLE tax_registration ADD CONSTRAINT hanging CHECK (ban <> '')",
      "ALTER TABLE business_industry ENABLE ROW LEVEL SECURITY",
      "ALTER TABLE tax_registration ALTER COLUMN business_type SET (n_distinct = 9)",
      "GRANT SELECT (ban) ON tax_registration TO PUBLIC",
    ])
  func somethingHangs(_ statement: String) throws {
    try LoadHarness.with { harness in
      try prepare(harness)
      try harness.database.execute(statement)
      let before = try definition(harness)
      let rows = businesses(12)
      let outcome = try harness.load(rows)
      #expect(outcome.kind == .incremental)
      #expect(outcome.changes.inserted == 12)
      #expect(harness.log.notes.contains { $0.contains("cannot be replaced") })
      #expect(try definition(harness) == before)
      try harness.expect(rows)
    }
  }

  @Test("a view created during the load survives, and a load that readers block succeeds")
  func hangsLater() throws {
    for statement in ["CREATE VIEW hanging AS SELECT ban FROM tax_registration", nil] {
      try LoadHarness.with { harness in
        var reader = try harness.database.open()
        let once = Once()
        let rows = businesses(25)
        let snapshot = try harness.spool.snapshot(rows)
        if statement == nil {
          try prepare(harness)
          try reader.execute("BEGIN; SELECT count(*) FROM tax_registration")
        }
        let outcome = try harness.load(snapshot) { [database = harness.database] settings in
          settings.atPoints { point in
            if let statement, case .batchCommitted = point { try once.run { try database.execute(statement) } }
          }
        }
        #expect(outcome.kind == .initial)
        #expect(harness.log.retries == 0)
        try harness.expect(rows)
        if statement != nil {
          #expect(try harness.database.scalar("SELECT count(*) FROM hanging") == "25")
        } else {
          #expect(try reader.execute("SELECT count(*) FROM tax_registration").scalar == "25")
        }
      }
    }
  }

  @Test("a reader sees an empty or the complete registry")
  func readerSeesAllOrNothing() throws {
    try LoadHarness.with { harness in
      let rows = businesses(60)
      let seen = Mutex<Set<String>>([])
      let snapshot = try harness.spool.snapshot(rows)
      try prepare(harness)
      // Counts the rows at every point of the load, and in a loop on another thread.
      let look: @Sendable () throws -> Void = { [database = harness.database] in
        let counts = try database.rows(
          "SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry)")
        seen.withLock { $0.formUnion(counts) }
      }
      let over = Mutex(false)
      let group = Join()
      group.enter()
      BlockingThread.start {
        defer { group.leave() }
        do { while !over.withLock({ $0 }) { try look() } } catch { Issue.record(error) }
      }
      try harness.load(snapshot) { settings in
        // At `.publishing` the tables are locked for the swap.
        settings.atPoints { if $0 != .publishing { try look() } }
      }
      over.withLock { $0 = true }
      group.wait()
      #expect(seen.withLock { $0 } == ["0|0", "60|120"])
    }
  }

  @Test("no other role may read the bulk tables")
  func bulkTablesAreClosed() throws {
    try LoadHarness.with { harness in
      try harness.database.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA \(harness.database.name) GRANT SELECT ON TABLES TO PUBLIC")
      let grants = Mutex<[String]>([])
      try harness.load(try harness.spool.snapshot(businesses(3))) { [database = harness.database] settings in
        settings.atPoints { point in
          guard case .batchCommitted = point else { return }
          let open = try database.rows(
            """
            SELECT relname, EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0) FROM pg_class
            WHERE relname LIKE '%\\_bulk' AND relnamespace = current_schema()::regnamespace ORDER BY 1
            """)
          grants.withLock { $0 = open }
        }
      }
      #expect(grants.withLock { $0 } == ["business_industry_bulk|f", "tax_registration_bulk|f"])
    }
  }

  /// Creates the empty tables.
  private func prepare(_ harness: LoadHarness) throws {
    var session = try harness.database.open()
    try Migrator.migrate(&session, events: { _ in })
  }

  private func definition(_ harness: LoadHarness) throws -> [String] {
    try harness.database.rows(
      """
      SELECT 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
        a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relname IN ('tax_registration', 'business_industry') AND c.relnamespace = current_schema()::regnamespace
      ORDER BY c.relname, a.attnum
      """)
      + harness.database.rows(
        """
        SELECT 'table', relname, obj_description(oid, 'pg_class'), reloptions, relpersistence,
          (SELECT string_agg(concat(grantee::text, privilege_type, is_grantable), ',' ORDER BY grantee, privilege_type)
            FROM aclexplode(coalesce(relacl, acldefault('r', relowner))))
        FROM pg_class WHERE relname IN ('tax_registration', 'business_industry')
          AND relnamespace = current_schema()::regnamespace ORDER BY relname
        """)
      + harness.database.rows(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname")
      + harness.database.rows(
        """
        SELECT conname, contype, conrelid::regclass, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace ORDER BY conname
        """)
      + harness.database.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v') ORDER BY 1"
      )
  }
}
