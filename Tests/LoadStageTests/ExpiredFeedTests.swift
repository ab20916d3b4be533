import CommandKit
import LoadStage
import Postgres
import Testing

@Suite("An expired change feed", .needsServer)
struct ExpiredFeedTests {
  /// Publishes five days and keeps a model of them.
  private func withDays(_ body: (LoadHarness, inout RegistryModel) throws -> Void) throws {
    try LoadHarness.with { harness in
      var model = RegistryModel()
      for day in 1...5 {
        var rows = businesses(12).filter { $0.ban != "1000000\(day)" }
        rows[10].name = "day \(day)"
        if day > 3 { rows.append(Business("20000000", "came on day 4")) }
        let finding =
          #"{"record":1,"line":3,"byte_offset":9,"code":"X","severity":"warning","column":null,"message":"m","raw":"r"}"#
        let outcome = try harness.load(rows, .init(sourceDate: "2026-09-0\(day)", findings: [1: [finding]]))
        let job = try #require(outcome.jobRunID)
        model.publish(Dictionary(uniqueKeysWithValues: rows.map { ($0.ban, $0) }), job: job)
        // Dates the publications back by 50, 40, 30, 20 and 10 days.
        try harness.database.execute(
          """
          UPDATE publication SET published_at = now() - '\(60 - day * 10) days'::interval WHERE job_run_id = \(job);
          UPDATE etl_job_run SET completed_at = now() - '\(60 - day * 10) days'::interval WHERE id = \(job)
          """)
      }
      try body(harness, &model)
    }
  }

  private func clean(_ harness: LoadHarness, _ change: (inout RetentionLimits) -> Void) throws -> Freed {
    var limits = RetentionLimits()
    change(&limits)
    return try Cleanup.run(
      harness.database.url, spool: harness.spool.path, limits, lockGraceSeconds: 60, stop: {})
  }

  @Test("the feed of the oldest publications is removed without a gap, with the time for each")
  func prefix() throws {
    try withDays { harness, model in
      let freed = try clean(harness) { $0.feedDays = 25 }
      let jobs = model.published.map(\.job)
      #expect(freed.changes == model.feed.count { $0.job <= jobs[2] })
      #expect(freed.changes > 0)
      #expect(try harness.database.feed() == model.feed.filter { $0.job > jobs[2] })
      #expect(
        try harness.database.rows("SELECT feed_expired_at IS NOT NULL FROM publication ORDER BY id")
          == ["t", "t", "t", "f", "f"])
      #expect(try clean(harness) { $0.feedDays = 25 }.changes == 0)
      // There is a note if the feed does not cover the whole period.
      let days = try harness.database.rows("SELECT as_of_date FROM publication ORDER BY id")
      for (since, isComplete) in [(nil, false), (days[2], false), (days[3], true)] {
        var (query, notes) = (ChangeQuery(), [String]())
        query.since = since
        try query.run(harness.database.url, stop: {}, note: { notes.append($0) }) { _ in }
        #expect(notes.isEmpty == isComplete && notes.allSatisfy { $0.contains(days[2]) }, "\(since ?? "all"): \(notes)")
      }
    }
  }

  @Test("a publication with a time that is too old does not let the ones before it expire")
  func noGap() throws {
    try withDays { harness, model in
      // As after a load while the server's clock was wrong.
      let fourth = model.published[3].job
      try harness.database.execute(
        "UPDATE publication SET published_at = now() - '90 days'::interval WHERE job_run_id = \(fourth)")
      _ = try clean(harness) { $0.feedDays = 70 }
      #expect(
        try harness.database.rows("SELECT feed_expired_at IS NOT NULL FROM publication ORDER BY id")
          == ["f", "f", "f", "f", "f"])
      // It expires with them, after the first ones are old enough.
      _ = try clean(harness) { $0.feedDays = 15 }
      #expect(
        try harness.database.rows("SELECT feed_expired_at IS NOT NULL FROM publication ORDER BY id")
          == ["t", "t", "t", "t", "f"])
    }
  }

  @Test("without a maximum age, the feed is kept")
  func forEver() throws {
    try withDays { harness, model in
      let freed = try clean(harness) { _ in }
      #expect(freed.changes == 0)
      #expect(try harness.database.feed() == model.feed)
    }
  }

  @Test("registry_as_of refuses days before the feed, and answers later days as before")
  func asOf() throws {
    try withDays { harness, model in
      _ = try clean(harness) { $0.feedDays = 25 }
      for day in 1...2 {
        do {
          _ = try harness.database.images(asOf: "2026-09-0\(day)")
          Issue.record("day \(day) was answered")
        } catch let error as PostgresError {
          #expect(error.message == "the change feed does not reach back to 2026-09-0\(day)")
        }
      }
      for day in 3...5 {
        #expect(
          try harness.database.images(asOf: "2026-09-0\(day)") == images(model.published[day - 1].state.values),
          "day \(day)")
      }
      #expect(throws: PostgresError.self, "before the first publication") {
        try harness.database.images(asOf: "2026-08-31")
      }
    }
  }

  @Test("the history of a business begins with its state at the start of the feed")
  func history() throws {
    try withDays { harness, model in
      _ = try clean(harness) { $0.feedDays = 25 }
      let third = model.published[2]
      let bans = Set(model.feed.map(\.ban)).union(third.state.keys).union(["30000000"]).sorted()
      let expected = bans.flatMap { ban in
        let base = third.state[ban].map { FeedRow(job: third.job, ban: ban, kind: "-", after: BusinessImage($0)) }
        return [base].compactMap { $0 } + model.feed.filter { $0.ban == ban && $0.job > third.job }
      }
      #expect(try harness.database.history(bans) == expected)
    }
  }

  @Test("the next day is added to an expired feed")
  func goesOn() throws {
    try withDays { harness, model in
      _ = try clean(harness) { $0.feedDays = 0 }
      #expect(try harness.database.feed() == [])
      var rows = businesses(12)
      rows[3].capital = nil
      let outcome = try harness.load(rows, .init(sourceDate: "2026-09-06"))
      let added = model.publish(
        Dictionary(uniqueKeysWithValues: rows.map { ($0.ban, $0) }), job: try #require(outcome.jobRunID))
      #expect(try harness.database.feed() == added)
      for day in 5...6 {
        #expect(
          try harness.database.images(asOf: "2026-09-0\(day)") == images(model.published[day - 1].state.values),
          "day \(day)")
      }
    }
  }

  @Test("findings have a maximum age of their own")
  func findings() throws {
    try withDays { harness, model in
      let freed = try clean(harness) { $0.findingsDays = 35 }
      #expect(freed.findings == 2)
      #expect(freed.changes == 0)
      #expect(
        try harness.database.rows("SELECT job_run_id FROM data_import_error ORDER BY 1")
          == model.published[2...].map { "\($0.job)" })
    }
  }
}
