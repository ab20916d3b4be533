import LoadStage
import Records
import Spool
import Support
import TestCluster
import Testing

@Suite("Corrections", .needsServer)
struct CorrectionTests: CorrectionSuite {
  @Test("a corrected rejected record joins the registry, and its correction stays in force")
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

      // Later days: the record is still rejected, then missing.
      for rejects in [[Self.rejected], [Self.rejected], []] {
        let next = try day(harness, source(13), rejects: rejects, date: "2026-09-02")
        try harness.load(next) { $0.force = true }
        try harness.expect(source(13) + [added])
      }
      #expect(try harness.corrections() == ["20000000|in force"])
    }
  }

  @Test("a correction of a rejected record ends as fixed when the source has an accepted record, equal or not")
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
        // The ended correction does not come back.
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

  @Test("a correction of a record with warnings replaces the source's record while that is unchanged")
  func warnedRecord() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      #expect(try harness.replay(snapshot, [corrected]).changes.updated == 1)
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.feed() == ["changed|10000003|capital_amount"])
      // The corrected record still has the BAN_CHECKSUM warning.
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

  @Test("a correction stays in force while the source keeps the fault, and ends with the fault")
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
      // The correction did not repair the other warning.
      let fixed = TestSpool.finding("BAN_CHECKSUM", "warning", raw: moved[3].csv)
      moved[3].capital = 7000
      try harness.load(
        try harness.spool.snapshot(moved, .init(sourceDate: "2026-09-03", findings: [1: [fixed]], failed: 1)))
      try harness.expect(moved)
      #expect(try harness.feed() == ["changed|10000003|business_address capital_amount"])
      #expect(try harness.corrections() == ["10000003|fixed"])
    }
  }

  @Test("a correction ends as fixed when the source has the same values")
  func sourceSaysTheSame() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      // The finding is still reported.
      try harness.load(try day(harness, put(corrected, on: source()), date: "2026-09-02"))
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.corrections() == ["10000003|fixed"])
      #expect(try harness.feed() == [])
    }
  }

  @Test("a correction ends as gone with the business, but not while a rejected record has its legible BAN")
  func businessVanishes() throws {
    try with { harness in
      let snapshot = try day(harness, source())
      try harness.load(snapshot)
      try harness.replay(snapshot, [corrected])
      let others = source().filter { $0.ban != Self.warned }
      try harness.load(try day(harness, others, rejects: [Self.warned], warns: [], date: "2026-09-02"))
      try harness.expect(others + [corrected])
      #expect(try harness.corrections() == ["10000003|in force"])
      // A rejected record with an illegible BAN does not count.
      try harness.load(try day(harness, others, rejects: ["1000000"], warns: [], date: "2026-09-03")) {
        $0.force = true
      }
      try harness.expect(others)
      #expect(try harness.corrections() == ["10000003|gone"])
      #expect(try harness.feed() == ["removed|10000003|absent"])
      // When the business returns, it has the source's values.
      try harness.load(try day(harness, source(), date: "2026-09-04"))
      try harness.expect(source())
      #expect(try harness.feed() == ["reappeared|10000003|"])
    }
  }

  @Test("a rollback puts a correction in force again that the undone load had ended, unless it was replaced since")
  func rollbackReopens() throws {
    try with { harness in
      let good = try day(harness, source())
      try harness.load(good)
      try harness.replay(good, [corrected])
      let others = source().filter { $0.ban != Self.warned }
      let bad = try day(harness, others, rejects: [], warns: [], date: "2026-09-02")
      try harness.load(bad) { $0.acceptance = .test }
      #expect(try harness.corrections() == ["10000003|gone"])
      try harness.load(good) { $0.action = .rollback }
      try harness.expect(put(corrected, on: source()))
      #expect(try harness.corrections() == ["10000003|in force"])
      // The same again, with another correction after the end of the first one.
      try harness.load(bad) {
        $0.choice = .user
        $0.acceptance = .test
      }
      #expect(try harness.corrections() == ["10000003|gone"])
      try harness.replay(bad, [Business(Self.warned, "補")])
      try harness.load(good) { $0.action = .rollback }
      #expect(try harness.corrections() == ["10000003|gone", "10000003|in force"])
      try harness.expect(put(Business(Self.warned, "補"), on: source()))
    }
  }

  @Test("a business is removed as rejected if a rejected record has its legible BAN, otherwise as absent")
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
      // A correction brings it back.
      let snapshot = try day(harness, others, rejects: ["10000005"], date: "2026-09-02")
      try harness.load(snapshot)
      try harness.replay(snapshot, [Business("10000005", "補")])
      #expect(try harness.feed() == ["reappeared|10000005|"])
      try harness.expect(others + [Business("10000005", "補")])
    }
  }
}
