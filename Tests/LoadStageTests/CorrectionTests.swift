import Failures
import LoadStage
import Records
import Spool
import TestCluster
import Testing

@Suite("Corrections by hand", .needsServer)
struct CorrectionTests {
  private static let rejected = "20000000"
  private static let warned = "10000003"

  /// A day with a record that the rules reject, whose BAN can be read, and one that they warn of.
  private func day(
    _ harness: LoadHarness, _ rows: [Business], rejects: [String] = [rejected], warns: [String] = [warned],
    date: String? = "2026-09-01", sample: Bool = false
  ) throws -> SnapshotFolder {
    let errors = rejects.map { TestSpool.finding("MISSING_NAME", "error", raw: Business($0, "").csv) }
    let warnings = warns.flatMap { ban in
      let raw = Business(ban, "x").csv
      return [
        TestSpool.finding("BAN_CHECKSUM", "warning", raw: raw),
        TestSpool.finding("INVALID_CAPITAL", "warning", raw: raw),
      ]
    }
    return try harness.spool.snapshot(
      rows,
      .init(sourceDate: date, sample: sample, findings: [1: errors + warnings], failed: max(rejects.count, 1)))
  }

  /// The source's rows: of the one warned of no capital can be read.
  private func source(_ count: Int = 12) -> [Business] {
    businesses(count).map { row in
      var row = row
      if row.ban == Self.warned { row.capital = nil }
      return row
    }
  }

  private var corrected: Business {
    var row = source()[3]
    row.capital = 5000
    return row
  }

  private func put(_ rows: Business..., on source: [Business]) -> [Business] {
    source.filter { row in !rows.contains { $0.ban == row.ban } } + rows
  }

  private func with(_ body: (LoadHarness) throws -> Void) throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.maxRejects = .percent(100)
      try body(harness)
    }
  }

  @Test("a rejected record that is corrected joins the registry, and stays marked")
  func rejectedRecord() throws {
    try with { harness in
      let rows = source()
      let snapshot = try day(harness, rows)
      try harness.load(snapshot)
      let added = Business(Self.rejected, "補正商行")
      let outcome = try harness.replay(snapshot, [added]) { $0.user = "clerk" }
      #expect(outcome.status == .success && outcome.changes.inserted == 1 && outcome.totals.total == 1)
      try harness.expect(rows + [added])
      #expect(
        try harness.database.rows(
          """
          SELECT c.ban, c.content_hash = r.content_hash, source_hash, fixed_codes, corrected_by, ended_at, end_reason,
            content ->> 'business_name', job_run_id
          FROM registration_correction c JOIN tax_registration r USING (ban)
          """) == ["20000000|t|-|{}|clerk|-|-|補正商行|2"])
      #expect(try harness.feed() == ["added|20000000|"])
      #expect(
        try harness.database.rows(
          "SELECT action, source_date, whole, snapshot, (changes -> 'kinds' ->> 'added') FROM publication ORDER BY id")
          == ["load|2026-09-01|t|\(snapshot.id)|-", "replay|-|t|\(snapshot.id)|1"])
      #expect(try harness.database.rows("SELECT source_date FROM registration_change") == ["-"])
      #expect(try harness.jobs() == ["partial|-", "success|-"])

      // The days after: the same record, another one that is as bad, and none at all.
      for rejects in [[Self.rejected], [Self.rejected], []] {
        let next = try day(harness, source(13), rejects: rejects, date: "2026-09-02")
        try harness.load(next) { $0.force = true }
        try harness.expect(source(13) + [added])
      }
      #expect(try harness.corrections() == ["20000000|in force"])
    }
  }

  @Test("it ends as fixed when the source has a record that the rules accept, whatever it says")
  func rejectedRecordIsFixed() throws {
    try with { harness in
      let added = Business(Self.rejected, "補正商行")
      for theirs in [added, Business(Self.rejected, "另一名稱")] {
        let snapshot = try day(harness, source())
        try harness.load(snapshot) { $0.force = true }
        try harness.replay(snapshot, [added])
        try harness.load(try day(harness, source() + [theirs], rejects: [], date: "2026-09-02"))
        try harness.expect(source() + [theirs])
        #expect(try harness.feed() == (theirs == added ? [] : ["changed|20000000|business_name"]))
        // And nothing of it comes back.
        try harness.load(try day(harness, source(), rejects: [], date: "2026-09-03"))
        try harness.expect(source())
      }
      #expect(try harness.corrections() == ["20000000|fixed", "20000000|fixed"])
      #expect(
        try harness.database.rows(
          """
          SELECT count(*) FROM registration_correction c JOIN publication p ON p.job_run_id = c.ended_job_run_id
          WHERE c.ended_at = p.published_at AND p.source_date = '2026-09-02'
          """) == ["2"])
    }
  }

  @Test("a record warned of that is corrected replaces the source's, as long as that stays as it is")
  func warnedRecord() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      #expect(try harness.replay(snapshot, [corrected]).changes.updated == 1)
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.feed() == ["changed|10000003|capital_amount"])
      // BAN_CHECKSUM is in the corrected record still.
      #expect(
        try harness.database.rows("SELECT fixed_codes, source_hash IS NOT NULL FROM registration_correction") == [
          "{INVALID_CAPITAL}|t"
        ])
      for count in [13, 14] {
        try harness.load(try day(harness, source(count), date: "2026-09-02"))
        try harness.expect(put(corrected, on: source(count)))
      }
      #expect(try harness.corrections() == ["10000003|in force"])
    }
  }

  @Test("it stays while the source changes something else and keeps the fault, and ends with the fault")
  func warnedRecordChanges() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      var moved = source()
      moved[3].address = "高雄市苓雅區四維三路２號"
      try harness.load(try day(harness, moved, date: "2026-09-02"))
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.feed() == [])
      // The other warning is none that was repaired.
      let fixed = TestSpool.finding("BAN_CHECKSUM", "warning", raw: moved[3].csv)
      moved[3].capital = 7000
      try harness.load(
        try harness.spool.snapshot(moved, .init(sourceDate: "2026-09-03", findings: [1: [fixed]], failed: 1)))
      try harness.expect(moved)
      #expect(try harness.feed() == ["changed|10000003|business_address capital_amount"])
      #expect(try harness.corrections() == ["10000003|fixed"])
    }
  }

  @Test("it ends as fixed when the source says the same")
  func sourceSaysTheSame() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      // With the finding still there, as far as anybody can tell.
      try harness.load(try day(harness, put(corrected, on: source()), date: "2026-09-02"))
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.corrections() == ["10000003|fixed"])
      #expect(try harness.feed() == [])
    }
  }

  @Test("it ends as gone with the business, but not while its BAN stands legibly in a rejected record")
  func businessVanishes() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      let others = source().filter { $0.ban != Self.warned }
      try harness.load(try day(harness, others, rejects: [Self.warned], warns: [], date: "2026-09-02"))
      try harness.expect(others + [corrected])
      #expect(try harness.corrections() == ["10000003|in force"])
      // Illegible is not there.
      try harness.load(try day(harness, others, rejects: ["1000000"], warns: [], date: "2026-09-03")) {
        $0.force = true
      }
      try harness.expect(others)
      #expect(try harness.corrections() == ["10000003|gone"])
      #expect(try harness.feed() == ["removed|10000003|absent"])
      // Back again it is the source's.
      try harness.load(try day(harness, source(), date: "2026-09-04"))
      try harness.expect(source())
      #expect(try harness.feed() == ["reappeared|10000003|"])
    }
  }

  @Test("a business is removed as rejected when its BAN stands legibly in a rejected record, else as absent")
  func removalReasons() throws {
    try with { harness in
      try harness.load(try day(harness, source(), rejects: []))
      let others = source().filter { !["10000005", "10000006"].contains($0.ban) }
      try harness.load(try day(harness, others, rejects: ["10000005"], date: "2026-09-02"))
      #expect(try harness.feed() == ["removed|10000005|rejected", "removed|10000006|absent"])
      #expect(
        try harness.database.rows("SELECT changes -> 'reasons' FROM publication ORDER BY id DESC LIMIT 1") == [
          #"{"absent": 1, "rejected": 1}"#
        ])
      // Corrected it is there again.
      let snapshot = try day(harness, others, rejects: ["10000005"], date: "2026-09-02")
      try harness.load(snapshot)
      try harness.replay(snapshot, [Business("10000005", "補")])
      #expect(try harness.feed() == ["reappeared|10000005|"])
      try harness.expect(others + [Business("10000005", "補")])
    }
  }

  @Test("withdrawn, the registry has exactly what the source says")
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
      #expect(failure.verdict == .data && failure.message.contains("no correction of 10000004 is in force"))
      // Asked again, perhaps because an answer was lost, it is done already.
      #expect(try harness.withdraw(snapshot, Self.warned).result == .unchanged)
      // Put on again it is the same business, seen first when it was.
      try harness.replay(snapshot, [added])
      #expect(try harness.feed() == ["reappeared|20000000|"])
      #expect(try harness.database.scalar("SELECT created_at FROM tax_registration WHERE ban = '20000000'") == created)
    }
  }

  @Test("a correction is replaced by another; the same again changes nothing")
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
      // The source's hash and the codes are those of its own record, not of the first correction.
      #expect(
        try harness.database.scalar("SELECT count(DISTINCT (source_hash, fixed_codes)) FROM registration_correction")
          == "1")
      try harness.withdraw(snapshot, Self.warned)
      try harness.expect(source())
    }
  }

  @Test("records of a sheet that say what the source says change nothing, and undo no earlier correction")
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
      // The same sheet again, and what the source said once, are nothing to do.
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

  @Test("a sheet's rejected records are findings of the run; the others join")
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

  @Test("what a hand has edited meanwhile is made right by the way, and is no change of the feed")
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
      // A correction's own row is made right too.
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

  @Test("on a sample they join what is there, and come off again")
  func onASample() throws {
    try with { harness in
      let snapshot = try day(harness, source(), sample: true)
      try harness.load(snapshot)
      let added = Business(Self.rejected, "補正商行")
      try harness.replay(snapshot, [corrected, added])
      try harness.expect(put(corrected, on: source()) + [added])
      #expect(try harness.database.rows("SELECT DISTINCT whole FROM publication") == ["f"])
      // A sample that lacks them ends nothing.
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

  @Test("they outlive a rollback while the older snapshot has the fault too")
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

  @Test("before anything is published there is nothing to correct: 66")
  func nothingPublished() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      let sheet = try CorrectionSheet.of([corrected])
      let failure = try harness.failure(snapshot) {
        $0.action = .replay
        $0.sheet = sheet
      }
      #expect(failure.verdict == .notReady)
    }
  }
}
