import CommandKit
import Foundation
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("The gate", .needsServer)
struct GateTests {
  /// A day and the next one, which is exactly at a bound or just beyond it.
  struct Step: CustomTestStringConvertible {
    var what: String
    var before: [Business]
    var after: [Business]
    var options = TestSpool.Options()
    var bounds = GateBounds()
    /// The expected refusal; nil if the day passes.
    var refusal: String?

    var testDescription: String { "\(what): \(refusal ?? "passes")" }
  }

  static let counts: [Step] = [
    Step(what: "5 % fewer", before: businesses(200), after: businesses(190)),
    Step(
      what: "over 5 % fewer", before: businesses(200), after: businesses(189),
      refusal: "189 records where snapshot SNAPSHOT has 200: 5.5 % fewer, more than --max-decrease 5%"),
    Step(what: "10 % more", before: businesses(200), after: businesses(220)),
    Step(
      what: "over 10 % more", before: businesses(200), after: businesses(221),
      refusal: "221 records where snapshot SNAPSHOT has 200: 10.5 % more, over --max-increase 10%"),
    Step(what: "a tenth of a percent fewer", before: businesses(1000), after: businesses(999), bounds: decrease(0.1)),
    Step(
      what: "over a tenth of a percent fewer", before: businesses(1000), after: businesses(998), bounds: decrease(0.1),
      refusal: "0.2 % fewer, more than --max-decrease 0.1%"),
    Step(what: "no business fewer", before: businesses(100), after: businesses(100), bounds: decrease(0)),
    Step(
      what: "one fewer of a hundred", before: businesses(100), after: businesses(99), bounds: decrease(0),
      refusal: "99 records where snapshot SNAPSHOT has 100: 1.0 % fewer"),
    Step(what: "nearly all of 99 gone", before: scattered(99), after: scattered(1)),
    Step(what: "three times 99", before: scattered(99), after: scattered(297)),
    // Rejected records count as records.
    Step(
      what: "5 % fewer, of which 3 are rejected", before: businesses(400), after: businesses(377),
      options: .init(failed: 3)),
    // A duplicate stands in for each lost record.
    Step(
      what: "5 % fewer, and as many duplicates", before: businesses(400), after: businesses(380),
      options: .init(duplicated: 20)),
    Step(
      what: "over 5 % fewer, and as many duplicates", before: businesses(400), after: businesses(379),
      options: .init(duplicated: 21),
      refusal:
        "379 records without duplicates and blank ones where snapshot SNAPSHOT has 400: 5.25 % fewer, more than --max-decrease 5%"
    ),
    Step(
      what: "over 10 % more, most of them duplicates", before: businesses(400), after: businesses(401),
      options: .init(duplicated: 40),
      refusal: "441 records where snapshot SNAPSHOT has 400: 10.25 % more, over --max-increase 10%"),
  ]

  static let changes: [Step] = [
    Step(what: "20 % changed", before: businesses(200), after: renamed(40, of: businesses(200))),
    Step(
      what: "over 20 % changed", before: businesses(200), after: renamed(41, of: businesses(200)),
      refusal: "41 of 200 businesses changed or vanished: 20.5 %, more than --max-change 20%"),
    Step(what: "20 % changed or vanished", before: businesses(200), after: renamed(30, of: businesses(190))),
    Step(
      what: "over 20 % changed or vanished", before: businesses(200), after: renamed(31, of: businesses(190)),
      refusal: "41 of 200 businesses changed or vanished"),
    // New businesses do not count as changed.
    Step(
      what: "20 % changed and 10 % new", before: businesses(200),
      after: renamed(40, of: businesses(200)) + businesses(20, from: 30_000_000)),
    Step(what: "every one of 99", before: scattered(99), after: renamed(99, of: scattered(99))),
    Step(
      what: "every one of 100", before: businesses(100), after: renamed(100, of: businesses(100)),
      refusal: "100 of 100 businesses changed or vanished: 100.0 %"),
    // Not rounded up to all of them.
    Step(
      what: "all but one of 20,001", before: businesses(20_001), after: renamed(20_000, of: businesses(20_001)),
      refusal: "20000 of 20001 businesses changed or vanished: 99.99 %"),
  ]

  static let cities: [Step] = [
    Step(what: "half of a city", before: living(60, in: "臺中市"), after: living(30, in: "臺中市")),
    Step(
      what: "over half of a city", before: living(60, in: "臺中市"), after: living(29, in: "臺中市"),
      refusal: "臺中市 lost 31 of 60 businesses: 51.67 %, more than --max-city-loss 50%"),
    Step(what: "all of a city of 49", before: living(49, in: "連江縣"), after: living(0, in: "連江縣")),
    Step(
      what: "all of a city of 50", before: living(50, in: "連江縣"), after: living(0, in: "連江縣"),
      refusal: "連江縣 lost 50 of 50 businesses: 100.0 %"),
    Step(what: "the city's other spelling", before: living(60, in: "臺中市"), after: living(60, in: "台中市")),
    Step(what: "and back", before: living(60, in: "台中市"), after: living(60, in: "臺中市")),
  ]

  static let columns: [Step] = [
    Step(what: "half of a column", before: heads(100), after: heads(50)),
    Step(
      what: "over half of a column", before: heads(100), after: heads(49),
      refusal: "headquarters_ban is empty for 51 of the 100 businesses that have it"),
    Step(what: "all of a column that 49 have", before: heads(49), after: heads(0)),
    Step(what: "half of the third industries", before: thirds(100), after: thirds(50)),
    Step(
      what: "over half of the third industries", before: thirds(100), after: thirds(49),
      refusal: "industry 3 is empty for 51 of the 100 businesses that have it"),
    Step(
      what: "half of the records with a warning", before: businesses(200), after: businesses(199),
      options: .init(findingCounts: ["INVALID_CAPITAL": 99, "BAN_CHECKSUM": 200])),
    Step(
      what: "over half of the records with a warning", before: businesses(200), after: businesses(199),
      options: .init(findingCounts: ["INVALID_CAPITAL": 100]),
      refusal: "100 findings INVALID_CAPITAL in 199 accepted records"),
    Step(
      what: "half of the industries with a warning", before: businesses(200), after: businesses(199),
      options: .init(findingCounts: ["INVALID_INDUSTRY_CODE": 199])),
    Step(
      what: "over half of the industries with a warning", before: businesses(200), after: businesses(199),
      options: .init(findingCounts: ["INVALID_INDUSTRY_CODE": 200]),
      refusal: "200 findings INVALID_INDUSTRY_CODE in 398 industries"),
  ]

  static let others: [Step] = [
    Step(what: "1 % rejected", before: businesses(200), after: businesses(198), options: .init(failed: 2)),
    Step(
      what: "over 1 % rejected", before: businesses(200), after: businesses(197), options: .init(failed: 3),
      refusal: "3 of 200 records are rejected, more than --max-rejects 1%"),
    Step(what: "the same source date", before: businesses(3), after: businesses(2)),
    Step(
      what: "no source date", before: businesses(3), after: businesses(2), options: .init(sourceDate: nil),
      refusal: "it has no source date, so it may be older than 2026-09-01, which was published already"),
    // Not a share: this check applies to registries of any size.
    Step(
      what: "the day before", before: businesses(3), after: businesses(2), options: .init(sourceDate: "2026-08-31"),
      refusal: "its source date 2026-08-31 is before 2026-09-01, which was published already"),
    Step(
      what: "a column that is missing", before: businesses(3), after: businesses(2),
      options: .init(notes: lacking("資本額")),
      refusal: "it lacks the column 資本額, which snapshot SNAPSHOT has"),
    Step(what: "an unknown column", before: businesses(3), after: businesses(2), options: .init(notes: with("備註"))),
  ]

  @Test(
    "a share exactly at the bound passes, and one beyond it is refused",
    arguments: counts + changes + cities + columns + others)
  func bound(_ step: Step) throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(step.before, .init(chunkSize: 100))
      try harness.load(first)
      var options = step.options
      options.chunkSize = 100
      let second = try harness.spool.snapshot(step.after, options)
      let check = try harness.check(second) { $0.bounds = step.bounds }
      guard let refusal = step.refusal else {
        #expect(check.refusals.isEmpty)
        let result = try harness.load(second) { $0.bounds = step.bounds }
        #expect(result.refusals.isEmpty)
        return try harness.expect(step.after)
      }
      let failure = try harness.failure(second) { $0.bounds = step.bounds }
      #expect(failure.category == .data)
      let reason = refusal.replacingOccurrences(of: "SNAPSHOT", with: first.id.description)
      #expect(failure.message.hasPrefix("snapshot \(second.id) is refused: "))
      #expect(failure.message.contains(reason), "\(failure.message)")
      #expect(!failure.message.contains(";"), "exactly one reason: \(failure.message)")
      #expect(failure.message == Refusal(snapshot: second.id, reasons: check.refusals).failure.message)
      #expect(try harness.jobs() == ["success|-", "failed|\(failure.message)"])
      try harness.expect(step.before)
    }
  }

  @Test("a limited snapshot after a whole one is refused, even if it has all records")
  func partOfTheSame() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      try harness.load(rows)
      let part = try harness.spool.snapshot(rows, .init(limit: 200))
      let failure = try harness.failure(part) { $0.force = true }
      #expect(failure.category == .data, "\(failure)")
      #expect(try harness.database.scalar("SELECT bool_and(whole) FROM publication") == "t")
    }
  }

  @Test("a day without the previous day's duplicates is not refused")
  func duplicatesBefore() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      try harness.load(try harness.spool.snapshot(rows, .init(duplicated: 200)))
      #expect(try harness.load(Self.renamed(1, of: rows), .init(sourceDate: "2026-09-02")).refusals.isEmpty)
    }
  }

  @Test("all reasons are reported at once, with their numbers")
  func allReasons() throws {
    try LoadHarness.with { harness in
      let rows = Self.living(100, in: "臺中市")
      try harness.load(rows)
      let few = Self.renamed(300, of: Array(rows.suffix(rows.count - 100)))
      let failure = try harness.failure(
        try harness.spool.snapshot(
          few, .init(sourceDate: "2026-08-01", notes: Self.lacking("資本額", "名稱3"), failed: 20)))
      let reasons = failure.message.components(separatedBy: "; ")
      let wanted = [
        "20 of 920 records are rejected", "920 records where", "400 of 1000 businesses changed or vanished: 40.0 %",
        "臺中市 lost 100 of 100", "2026-08-01 is before 2026-09-01", "the column 資本額", "the column 名稱3",
      ]
      #expect(reasons.count == wanted.count, "\(reasons)")
      for (reason, part) in zip(reasons, wanted) { #expect(reason.contains(part), "\(reason)") }
      #expect(failure.hints.contains { $0.description.contains("--accept 'REASON'") })
      try harness.expect(rows)
    }
  }

  @Test("after refused days, the next good day passes")
  func goodDayAfterwards() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      try harness.load(rows)
      let bad = try harness.spool.snapshot(businesses(20), .init(sourceDate: "2026-09-02"))
      for _ in 1...2 { #expect(try harness.failure(bad).category == .data) }
      try harness.expect(rows)
      let good = Self.renamed(3, of: businesses(201))
      let outcome = try harness.load(good, .init(sourceDate: "2026-09-03"))
      #expect(outcome.changes.updated == 3 && outcome.changes.inserted == 1 && outcome.changes.removed == 0)
      try harness.expect(good)
      #expect(try harness.jobs().map { $0.prefix(6) } == ["succes", "failed", "failed", "succes"])
    }
  }

  @Test("readers see the old registry while a snapshot is checked and after it is refused")
  func readers() throws {
    try LoadHarness.with { harness in
      let rows = businesses(150)
      try harness.load(rows)
      let seen = Once()
      _ = try harness.failure(try harness.spool.snapshot(Self.renamed(150, of: rows))) { settings in
        settings.jobs = 1
        settings.atPoints { point in
          guard point == .batchCommitted(15) else { return }
          try seen.run { try harness.expectRegistry(rows) }
        }
      }
      try harness.expect(rows)
      #expect(try harness.database.rows("SELECT count(*) FROM publication") == ["1"])
    }
  }

  @Test("if an earlier version stored no baseline, the registry's tables are the baseline")
  func measuredByTheRegistry() throws {
    try LoadHarness.with { harness in
      try harness.load(Self.living(60, in: "台中市"))
      try harness.database.execute("UPDATE publication SET records = NULL, missing_columns = NULL, cities = NULL")
      let failure = try harness.failure(
        try harness.spool.snapshot(Self.living(29, in: "臺中市"), .init(notes: Self.lacking("資本額"))))
      #expect(
        failure.message.hasSuffix(
          "臺中市 lost 31 of 60 businesses: 51.67 %, more than --max-city-loss 50%; it lacks the column 資本額"))
      #expect(try harness.failure(try harness.spool.snapshot(businesses(900))).message.contains("900 records where"))
      try harness.load(Self.living(40, in: "臺中市"))
    }
  }

  // MARK: - Days

  static func decrease(_ percent: Double) -> GateBounds {
    var bounds = GateBounds()
    bounds.decrease = percent
    return bounds
  }

  static func lacking(_ columns: String...) -> Notes {
    var notes = Notes()
    notes.missingColumns = columns
    return notes
  }

  static func with(_ column: String) -> Notes {
    var notes = Notes()
    notes.unknownColumns = [column]
    return notes
  }

  static func renamed(_ count: Int, of rows: [Business]) -> [Business] {
    rows.enumerated().map { index, row in
      var row = row
      if index < count { row.name += "（更名）" }
      return row
    }
  }

  /// Returns 600 businesses, the first `count` with a head office.
  static func heads(_ count: Int) -> [Business] {
    businesses(600).enumerated().map { index, row in
      var row = row
      if index < count { row.headquarters = "20000003" }
      return row
    }
  }

  /// Returns 600 businesses, the first `count` with three industries.
  static func thirds(_ count: Int) -> [Business] {
    businesses(600).enumerated().map { index, row in
      var row = row
      if index < count { row.industries.append("474111") }
      return row
    }
  }

  /// Returns businesses in seven cities, each below the 50 businesses from which a city is checked.
  static func scattered(_ count: Int) -> [Business] {
    businesses(count).enumerated().map { index, row in
      var row = row
      row.address = ["臺北市", "新北市", "桃園市", "臺中市", "臺南市", "高雄市", "宜蘭縣"][index % 7] + "中山路１號"
      return row
    }
  }

  /// Returns 1000 businesses, the first `count` in `city` and the others in Taipei.
  static func living(_ count: Int, in city: String) -> [Business] {
    businesses(1000).enumerated().map { index, row in
      var row = row
      if index < count { row.address = city + "中山路１號" }
      return row
    }
  }
}
