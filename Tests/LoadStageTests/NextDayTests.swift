import CommandKit
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("The incremental load", .needsServer)
struct NextDayTests {
  private func change(_ rows: [Business], _ ban: String, _ change: (inout Business) -> Void) -> [Business] {
    rows.map { row in
      var row = row
      if row.ban == ban { change(&row) }
      return row
    }
  }

  @Test("writes only the businesses that differ")
  func writesWhatDiffers() throws {
    try LoadHarness.with { harness in
      let first = businesses(40)
      try harness.load(first)
      let before = try versions(harness)
      let created = try harness.database.rows("SELECT ban, created_at FROM tax_registration ORDER BY ban")

      var second = first
      second.removeAll { $0.ban == "10000003" || $0.ban == "10000017" }
      second = change(second, "10000005") { $0.address = "高雄市" }
      second = change(second, "10000006") { $0.industries = ["472913", "999999"] }
      second = change(second, "10000007") {
        $0.name = "new"
        $0.industries = []
      }
      second.append(Business("20000000", "appeared"))
      let outcome = try harness.load(second, .init(sourceDate: "2026-09-02"))

      #expect(outcome.kind == .incremental)
      #expect(outcome.changes.inserted == 1)
      #expect(outcome.changes.updated == 3)
      #expect(outcome.changes.removed == 2)
      #expect(outcome.changes.unchanged == 35)
      #expect(outcome.before == RegistryState(registrations: 40, industries: 80))
      #expect(outcome.after == RegistryState(registrations: 39, industries: 76))
      try harness.expect(second)
      #expect(
        try harness.database.rows(
          "SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry)")
          == ["39|76"])

      let touched: Set = ["10000005", "10000006", "10000007", "20000000"]
      let after = try versions(harness)
      for (ban, version) in after { #expect((before[ban] == version) == !touched.contains(ban), "\(ban)") }
      #expect(
        try Set(harness.database.rows("SELECT ban FROM tax_registration WHERE data_source_date = '2026-09-02'"))
          == touched)
      #expect(
        try Set(harness.database.rows("SELECT ban FROM tax_registration WHERE updated_at > created_at"))
          == ["10000005", "10000006", "10000007"])
      let createdAfter = try harness.database.rows(
        "SELECT ban, created_at FROM tax_registration WHERE ban < '2' ORDER BY ban")
      #expect(createdAfter == created.filter { !$0.hasPrefix("10000003") && !$0.hasPrefix("10000017") })
      // Unchanged industries were not written either.
      let slots = try harness.database.rows(
        """
        SELECT industry_code, i.xmin::text = r.xmin::text FROM business_industry i JOIN tax_registration r ON ban = business_id
        WHERE ban = '10000005' ORDER BY 1
        """)
      #expect(slots == ["471913|f", "472913|f"])
    }
  }

  @Test("a BAN that returns keeps its created_at")
  func returningBAN() throws {
    try LoadHarness.with { harness in
      let rows = businesses(12)
      try harness.load(rows)
      let created = try harness.database.scalar("SELECT created_at FROM tax_registration WHERE ban = '10000004'")
      try harness.load(rows.filter { $0.ban != "10000004" })
      #expect(try harness.database.rows("SELECT ban FROM removed_registration") == ["10000004"])
      try harness.load(rows.filter { $0.ban != "10000005" })
      #expect(try harness.database.scalar("SELECT created_at FROM tax_registration WHERE ban = '10000004'") == created)
      #expect(try harness.database.rows("SELECT ban FROM removed_registration") == ["10000005"])
      #expect(
        try harness.database.scalar("SELECT updated_at > created_at FROM tax_registration WHERE ban = '10000004'")
          == "t")
    }
  }

  @Test("the same snapshot again changes nothing and is reported as unchanged")
  func unchanged() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(12))
      try harness.load(snapshot)
      let before = try versions(harness)
      let outcome = try harness.load(snapshot)
      #expect(outcome.result == .unchanged)
      #expect(outcome.jobRunID == nil)
      #expect(outcome.after == RegistryState(registrations: 12, industries: 24))
      #expect(try harness.jobs().count == 1)

      let forced = try harness.load(snapshot) { $0.force = true }
      #expect(forced.result == .published)
      #expect(forced.changes.unchanged == 12)
      #expect(try versions(harness) == before)
      #expect(try harness.jobs().count == 2)
    }
  }

  @Test("the same rows in another snapshot change nothing; with another rules version they are loaded")
  func sameContent() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(12))
      #expect(try harness.load(businesses(12)).result == .unchanged)
      #expect(try harness.load(businesses(12), .init(rulesVersion: 2)).result == .published)
    }
  }

  @Test("a sample and a limited snapshot remove nothing", arguments: [true, false])
  func partialSnapshots(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let rows = businesses(12)
      try harness.load(rows)
      let few = change(Array(rows.prefix(3)), "10000001") { $0.name = "changed" } + [Business("20000000", "new")]
      let options = TestSpool.Options(sample: sample, limit: sample ? nil : 4)
      let part = try harness.spool.snapshot(few, options)
      let outcome = try harness.load(part) { $0.acceptance = .test }
      #expect(outcome.changes.removed == 0)
      #expect(outcome.after.registrations == 13)
      let merged = change(rows, "10000001") { $0.name = "changed" } + [Business("20000000", "new")]
      try harness.expect(merged)
      #expect(try harness.load(few, options).result == .unchanged)
      // The same rows as a whole snapshot are another case: the businesses that it lacks are removed.
      #expect(try harness.load(few).changes.removed == 9)
      try harness.expect(few)
    }
  }

  @Test("a day on which everything differs, with another chunk size")
  func everythingDiffers() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(60))
      var rows = businesses(60)
      for index in rows.indices { rows[index].industries = ["111111"] }
      let outcome = try harness.load(rows, .init(chunkSize: 7))
      #expect(outcome.changes.updated == 60)
      #expect(outcome.after.industries == 60)
      try harness.expect(rows)
    }
  }

  @Test("rows inserted by hand are removed, even if their BAN is invalid")
  func invalidBANs() throws {
    try LoadHarness.with { harness in
      let rows = businesses(5)
      try harness.load(rows)
      try harness.database.execute(
        #"INSERT INTO tax_registration (ban, business_name, content_hash) VALUES ('a"b\,', 'x', 1), ('99999999', 'y', 2)"#
      )
      let outcome = try harness.load(rows + [Business("20000000", "new")])
      #expect(outcome.changes.removed == 2)
      try harness.expect(rows + [Business("20000000", "new")])
    }
  }

  @Test("readers wait for no lock of the load, and see one day or the other")
  func readersGoOn() throws {
    try LoadHarness.with { harness in
      let first = businesses(30)
      try harness.load(first)
      // A view and a foreign key of a user, and a reader in the middle of a transaction.
      try harness.database.execute(
        """
        CREATE VIEW names AS SELECT ban, business_name FROM tax_registration;
        CREATE TABLE favourite (ban text COLLATE "C" REFERENCES tax_registration ON DELETE SET NULL);
        INSERT INTO favourite VALUES ('10000003'), ('10000004')
        """)
      var reader = try harness.database.open()
      try reader.execute("BEGIN; SELECT * FROM tax_registration, business_industry LIMIT 1")
      let second = change(first, "10000005") { $0.name = "second" }.filter { $0.ban != "10000004" }
      let locks = Once()
      try harness.load(try harness.spool.snapshot(second)) { [database = harness.database] settings in
        settings.atPoints { point in
          guard point == .publishing else { return }
          try locks.run {
            let modes = try database.rows(
              """
              SELECT DISTINCT mode FROM pg_locks
              WHERE relation IN ('tax_registration'::regclass, 'business_industry'::regclass) AND mode LIKE '%Exclusive%'
              """)
            #expect(modes == ["RowExclusiveLock"])
            let renamed = try database.scalar("SELECT count(*) FROM names WHERE business_name = 'second'")
            #expect(renamed == "0")
            let count = try database.scalar("SELECT count(*) FROM tax_registration")
            #expect(count == "30")
          }
        }
      }
      try reader.execute("COMMIT")
      #expect(try harness.database.scalar("SELECT count(*) FROM names WHERE business_name = 'second'") == "1")
      #expect(try harness.database.rows("SELECT ban FROM favourite ORDER BY 1") == ["10000003", "-"])
      try harness.expect(second)
    }
  }

  /// Returns the row version (xmin and ctid) of each business.
  private func versions(_ harness: LoadHarness) throws -> [String: String] {
    let rows = try harness.database.execute("SELECT ban, xmin::text || ctid::text FROM tax_registration")
    return Dictionary(uniqueKeysWithValues: rows.values.map { ($0[0] ?? "", $0[1] ?? "") })
  }
}
