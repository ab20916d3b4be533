import LoadStage
import Records
import Spool
import Support
import TestCluster
import Testing

@Suite("Applying and withdrawing corrections", .needsServer)
struct ReplayTests: CorrectionSuite {
  @Test("after a withdrawal, the registry is exactly the source")
  func withdrawn() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      let added = Business(Self.rejected, "補正商行")
      try harness.replay(snapshot, [corrected, added])
      let created = try harness.database.scalar("SELECT created_at FROM tax_registration WHERE ban = '20000000'")
      let outcome = try harness.withdraw(snapshot, Self.warned, Self.rejected)
      #expect(outcome.changes.updated == 1 && outcome.changes.removed == 1)
      try harness.expect(source())
      #expect(try harness.feed() == ["changed|10000003|capital_amount", "removed|20000000|rejected"])
      #expect(try harness.corrections() == ["10000003|withdrawn", "20000000|withdrawn"])
      #expect(
        try harness.database.rows("SELECT action, source_date FROM publication ORDER BY id DESC LIMIT 1") == [
          "withdraw|-"
        ])
      let failure = try harness.failure(snapshot) {
        $0.action = .withdraw
        $0.withdrawn = [10_000_004]
      }
      #expect(failure.category == .data && failure.message.contains("no correction in force for BAN 10000004"))
      // A repeated withdrawal, perhaps after a lost answer, has nothing to do.
      #expect(try harness.withdraw(snapshot, Self.warned).result == .unchanged)
      // Applied again, the business keeps its created_at.
      try harness.replay(snapshot, [added])
      #expect(try harness.feed() == ["reappeared|20000000|"])
      #expect(try harness.database.scalar("SELECT created_at FROM tax_registration WHERE ban = '20000000'") == created)
    }
  }

  @Test("corrections do not change the source date")
  func age() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      let date = try DatabaseStatus.query(harness.database.url, stop: {}).lastPublication?.sourceDate
      try harness.replay(snapshot, [corrected])
      #expect(date != nil)
      #expect(try DatabaseStatus.query(harness.database.url, stop: {}).lastPublication?.sourceDate == date)
    }
  }

  @Test("a correction replaces an earlier one; the same one again changes nothing")
  func replaced() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      #expect(try harness.replay(snapshot, [corrected]).result == .unchanged)
      #expect(try harness.jobs().count == 2)
      var other = corrected
      other.capital = 6000
      try harness.replay(snapshot, [other])
      try harness.expect(put(other, on: source()))
      #expect(try harness.feed() == ["changed|10000003|capital_amount"])
      #expect(try harness.corrections() == ["10000003|replaced", "10000003|in force"])
      // The source hash and the codes are those of the source's record, not of the first correction.
      #expect(
        try harness.database.scalar("SELECT count(DISTINCT (source_hash, fixed_codes)) FROM registration_correction")
          == "1")
      try harness.withdraw(snapshot, Self.warned)
      try harness.expect(source())
    }
  }

  @Test("records of a sheet that equal the source change nothing and end no earlier correction")
  func untouchedRecords() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      let added = Business(Self.rejected, "補正商行")
      try harness.replay(snapshot, source() + [added])
      try harness.expect(put(corrected, on: source()) + [added])
      #expect(try harness.feed() == ["added|20000000|"])
      #expect(try harness.corrections() == ["10000003|in force", "20000000|in force"])
      // The same sheet again changes nothing, and neither do former values of the source.
      #expect(try harness.replay(snapshot, source() + [added]).result == .unchanged)
      var moved = source()
      moved[3].address = "高雄市苓雅區四維三路２號"
      let next = try day(harness, moved, date: "2026-09-02")
      try harness.load(next)
      #expect(try harness.replay(next, source()).result == .unchanged)
      try harness.expect(put(corrected, on: moved) + [added])
      #expect(try harness.corrections() == ["10000003|in force", "20000000|in force"])
    }
  }

  @Test("rejected records of a sheet become findings of the run; the others are applied")
  func rejectedInTheSheet() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      let added = Business(Self.rejected, "補正商行")
      let sheet = try CorrectionSheet.of([added], raw: [Business("4595257", "零不見了").csv, Business("30000000", "").csv])
      let outcome = try harness.replay(snapshot, sheet)
      #expect(outcome.status == .partial && outcome.totals.failed == 2 && outcome.totals.processed == 1)
      try harness.expect(source() + [added])
      #expect(
        try harness.database.rows(
          """
          SELECT error_type, raw_data ->> 'line', raw_data ->> 'row', raw_data ->> 'column' FROM data_import_error
          WHERE job_run_id = 2 AND severity = 'error' ORDER BY raw_data ->> 'line'
          """) == ["INVALID_BAN|3|3|統一編號", "MISSING_NAME|4|4|營業人名稱"])
      #expect(
        try harness.database.rows(
          "SELECT status, records_total, records_failed, source_date FROM etl_job_run WHERE id = 2")
          == ["partial|3|2|-"])
    }
  }

  @Test("rows edited by hand are repaired too, and do not appear in the feed")
  func besideAnEdit() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.database.execute(
        """
        UPDATE tax_registration SET business_name = 'by hand', content_hash = 1 WHERE ban = '10000007';
        DELETE FROM tax_registration WHERE ban = '10000008';
        INSERT INTO tax_registration (ban, business_name, content_hash) VALUES ('99999999', 'by hand', 1)
        """)
      let outcome = try harness.replay(snapshot, [corrected])
      try harness.expect(put(corrected, on: source()))
      #expect(outcome.repairedBANs == ["10000007", "10000008", "99999999"])
      #expect(try harness.feed() == ["changed|10000003|capital_amount"])
      // A corrected row is repaired too.
      try harness.database.execute(
        """
        UPDATE tax_registration SET business_name = 'by hand' WHERE ban = '10000003';
        DELETE FROM business_industry WHERE business_id = '10000003'
        """)
      let result = try harness.load(snapshot) { $0.verify = true }
      #expect(result.repairedBANs == ["10000003"])
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.feed() == [])
    }
  }

  @Test("corrections can be applied to a sample and withdrawn")
  func onASample() throws {
    try with { harness in
      let snapshot = try day(harness, source(), sample: true)
      try harness.load(snapshot)
      let added = Business(Self.rejected, "補正商行")
      try harness.replay(snapshot, [corrected, added])
      try harness.expect(put(corrected, on: source()) + [added])
      #expect(try harness.database.rows("SELECT DISTINCT whole FROM publication") == ["f"])
      // A sample without these businesses ends no correction.
      let other = try day(harness, Array(source().suffix(2)), rejects: [], sample: true)
      try harness.load(other)
      try harness.expect(put(corrected, on: source()) + [added])
      try harness.load(snapshot)
      try harness.withdraw(snapshot, Self.rejected)
      try harness.expect(put(corrected, on: source()))
      try harness.withdraw(snapshot, Self.warned)
      try harness.expect(source())
    }
  }

  @Test("corrections survive a rollback if the older snapshot has the fault too")
  func acrossARollback() throws {
    try with { harness in
      let first = try day(harness, source())
      try harness.load(first)
      try harness.load(try day(harness, source(14), date: "2026-09-02"))
      let second = try day(harness, source(15), date: "2026-09-03")
      try harness.load(second)
      try harness.replay(second, [corrected, Business(Self.rejected, "補正商行")])
      try harness.load(first) { $0.action = .rollback }
      try harness.expect(put(corrected, on: source()) + [Business(Self.rejected, "補正商行")])
      #expect(try harness.corrections() == ["10000003|in force", "20000000|in force"])
    }
  }

  @Test("without a publication there is nothing to correct: 66")
  func nothingPublished() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      let sheet = try CorrectionSheet.of([corrected])
      let failure = try harness.failure(snapshot) {
        $0.action = .replay
        $0.sheet = sheet
      }
      #expect(failure.category == .notReady)
    }
  }
}
