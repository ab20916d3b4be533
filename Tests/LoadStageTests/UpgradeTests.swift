import LoadStage
import Postgres
import Testing

@Suite("A database of an earlier version", .needsServer)
struct UpgradeTests {
  /// Creates the database of a version without a change feed: three days, the last one in the tables.
  private func withOldDatabase(_ rows: [Business], _ body: (LoadHarness) throws -> Void) throws {
    try LoadHarness.with { harness in
      var session = try harness.database.open()
      try Migrator.migrate(&session, Array(Migration.all.prefix(3)), events: { _ in })
      let columns = [
        "ban", "headquarters_ban", "business_name", "business_address", "capital_amount", "business_setup_date",
        "setup_date", "business_type", "is_use_invoice",
      ]
      for row in rows {
        try session.execute(
          """
          INSERT INTO tax_registration (\(columns.joined(separator: ", ")), content_hash)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
          """, columns.map { row.stored[$0] ?? nil } + ["\(row.contentHash)"])
      }
      _ = try session.copyIn("COPY business_industry FROM STDIN") { sink in
        try Array(rows.map(\.industryRows).joined().utf8).withUnsafeBytes { try sink.write($0) }
      }
      for day in 1...3 {
        try session.execute(
          """
          INSERT INTO etl_job_run (status, records_total, records_processed) VALUES ('success', 12, 12);
          INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, source_date,
            whole, registrations, industries, inserted, updated, removed)
          VALUES (\(day), '2026090\(day)T211500Z-00000000', 'x', 'day \(day)', 1, '\(day == 1 ? "bulk" : "reconcile")',
            '2026-08-0\(day)', true, 12, 24, 0, 0, 0)
          """)
      }
      try body(harness)
    }
  }

  @Test("the next load continues from its rows, and days before the feed are refused")
  func goesOn() throws {
    let old = businesses(12)
    try withOldDatabase(old) { harness in
      var rows = old
      rows[4].name = "new"
      let outcome = try harness.load(rows)
      #expect(outcome.counts.kinds == ["changed": 1])
      try harness.expect(rows)
      for day in ["2026-08-01", "2026-08-02"] {
        #expect(throws: PostgresError.self, "\(day)") { try harness.database.images(asOf: day) }
      }
      #expect(try harness.database.images(asOf: "2026-08-31") == images(old))
      #expect(try harness.database.images(asOf: "2026-09-01") == images(rows))
      let base = FeedRow(job: 3, ban: "10000004", kind: "-", after: BusinessImage(old[4]))
      #expect(try harness.database.history(["10000004"]).first == base)
      #expect(try harness.database.history(["10000004"]).map(\.job) == [3, 4])
    }
  }
}
