import CommandKit
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("The gate's baseline", .needsServer)
struct GateBaselineTests {
  private let acceptance = Acceptance.test

  @Test(
    "a sample or a limited snapshot after a whole one is refused, for that reason alone",
    arguments: [true, false])
  func partOntoWhole(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      let whole = try harness.spool.snapshot(rows)
      try harness.load(whole)
      let few = GateTests.renamed(60, of: Array(rows.prefix(60)))
      let part = try harness.spool.snapshot(
        few, .init(sourceDate: "2020-01-01", sample: sample, limit: sample ? nil : 60))
      let failure = try harness.failure(part)
      #expect(failure.category == .data)
      let what = sample ? "a sample" : "limited to 60 records"
      #expect(failure.message.hasSuffix("it is \(what), and the registry holds the whole snapshot \(whole.id)"))
      #expect(failure.hints.contains { $0.description.contains("another database") }, "\(failure)")
      #expect(!failure.hints.contains { $0.description.contains("--accept") }, "no hint leads to a mixture: \(failure)")
      try harness.expect(rows)
      // Another whole snapshot in between changes nothing.
      try harness.load(businesses(201))
      #expect(try harness.failure(part).category == .data)
      let outcome = try harness.load(part) { $0.acceptance = acceptance }
      #expect(outcome.refusals.count == 1)
      try harness.expect(few + businesses(201).dropFirst(60))
    }
  }

  @Test("samples load into a registry of samples, and a whole snapshot after them", arguments: [true, false])
  func partsAlone(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      for count in [20, 30] {
        try harness.load(businesses(count), .init(sourceDate: nil, sample: sample, limit: sample ? nil : count))
      }
      try harness.load(businesses(200))
      try harness.expect(businesses(200))
    }
  }

  @Test("a source that lacks a column is refused on the initial load too, whole or not", arguments: [0, 1, 2])
  func columnOnTheFirstLoad(_ kind: Int) throws {
    for isPristine in [true, false] {
      try LoadHarness.with { harness in
        // If the tables cannot be replaced, the initial load inserts the rows.
        if !isPristine { try harness.hangAView() }
        let lacking = try harness.spool.snapshot(
          businesses(5), .init(sample: kind == 1, limit: kind == 2 ? 5 : nil, notes: GateTests.lacking("營業地址")))
        let failure = try harness.failure(lacking)
        #expect(failure.category == .data && failure.message.hasSuffix("is refused: it lacks the column 營業地址"))
        try harness.expect([])
        let outcome = try harness.load(lacking) { $0.acceptance = acceptance }
        #expect(outcome.refusals == ["it lacks the column 營業地址"])
        try harness.expect(businesses(5))
      }
    }
  }

  @Test("the baseline date is the last published one, even if undated snapshots were accepted since")
  func unreadableStamps() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(200), .init(sourceDate: "2026-09-01"))
      for count in [201, 202] {
        let undated = try harness.spool.snapshot(businesses(count), .init(sourceDate: nil))
        #expect(try harness.failure(undated).message.contains("may be older than 2026-09-01"))
        try harness.load(undated) { $0.acceptance = acceptance }
      }
      let older = try harness.spool.snapshot(businesses(203), .init(sourceDate: "2026-08-31"))
      #expect(try harness.failure(older).message.contains("2026-08-31 is before 2026-09-01"))
      try harness.load(businesses(204), .init(sourceDate: "2026-09-02"))
    }
  }

  @Test("a date that was published while the server's clock was set back is the baseline")
  func clockSetBack() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(200), .init(sourceDate: "2026-09-01"))
      try harness.load(businesses(201), .init(sourceDate: "2026-09-02"))
      try harness.database.execute(
        "UPDATE publication SET published_at = '2020-01-01' WHERE id = (SELECT max(id) FROM publication)")
      let older = try harness.spool.snapshot(businesses(202), .init(sourceDate: "2026-09-01"))
      #expect(try harness.failure(older).message.contains("2026-09-01 is before 2026-09-02"))
    }
  }

  @Test("a future date is refused, on the initial load too; if accepted, it is no baseline for later days")
  func future() throws {
    try LoadHarness.with { harness in
      // 2026-11-28 00:00 in Taipei.
      let now = 1_795_795_200
      func load(_ count: Int, _ date: String, accepted: Bool = false) throws {
        let snapshot = try harness.spool.snapshot(businesses(count), .init(sourceDate: date))
        try harness.load(snapshot) {
          $0.now = { now }
          if accepted { $0.acceptance = acceptance }
        }
      }
      func refusal(_ count: Int, _ date: String) throws -> Failure {
        try harness.failure(try harness.spool.snapshot(businesses(count), .init(sourceDate: date))) { $0.now = { now } }
      }
      let first = try refusal(200, "2026-11-30")
      #expect(first.category == .data && first.message.hasSuffix("its source date 2026-11-30 is 2 days in the future"))
      try harness.expect([])
      try load(200, "2026-09-27")
      #expect(try refusal(201, "2099-12-01").message.contains("2099-12-01 is 26666 days in the future"))
      try load(201, "2099-12-01", accepted: true)
      try load(202, "2026-09-28")
      #expect(try refusal(203, "2026-09-27").message.contains("is before 2026-09-28"))
      // One day ahead passes: clocks may differ.
      try load(203, "2026-11-29")
      try harness.expect(businesses(203))
    }
  }

  @Test(
    "an accepted initial load with a future date does not block the next day", arguments: [true, false])
  func acceptedFuture(_ isPristine: Bool) throws {
    try LoadHarness.with { harness in
      if !isPristine { try harness.hangAView() }
      let ahead = try harness.spool.snapshot(businesses(200), .init(sourceDate: "2099-12-01"))
      #expect(try harness.failure(ahead).category == .data)
      let outcome = try harness.load(ahead) { $0.acceptance = acceptance }
      #expect(outcome.refusals.count == 1)
      try harness.load(businesses(201))
    }
  }

  @Test("without a whole snapshot, too, a missing column has to be accepted only once", arguments: [true, false])
  func columnOfSamples(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let options = TestSpool.Options(sample: sample, limit: sample ? nil : 9, notes: GateTests.lacking("資本額"))
      let lacking = try harness.spool.snapshot(businesses(5), options)
      #expect(try harness.failure(lacking).category == .data)
      try harness.load(lacking) { $0.acceptance = acceptance }
      try harness.load(businesses(6), options)
      try harness.load(businesses(7), .init(sample: sample, limit: sample ? nil : 9))
      #expect(try harness.failure(try harness.spool.snapshot(businesses(8), options)).category == .data)
    }
  }

  @Test("a sample or a limited snapshot is never the baseline", arguments: [true, false])
  func partialIsNoBaseline(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let limit = sample ? nil : 150
      // The first snapshot is a partial one.
      let first = TestSpool.Options(sourceDate: "2026-09-09", sample: sample, limit: limit)
      try harness.load(businesses(150), first)
      let rows = businesses(400)
      try harness.load(rows)
      // Its date, columns and number of records differ from those of the whole snapshot before it.
      let part = try harness.spool.snapshot(
        Array(rows.prefix(150)),
        .init(sourceDate: "2026-09-30", sample: sample, limit: limit, notes: GateTests.lacking("資本額")))
      try harness.load(part) { $0.acceptance = acceptance }
      let failure = try harness.failure(
        try harness.spool.snapshot(businesses(379), .init(sourceDate: "2026-09-02")))
      #expect(failure.message.contains("379 records where"))
      try harness.load(businesses(401), .init(sourceDate: "2026-09-02"))
      let lacking = try harness.spool.snapshot(
        businesses(402), .init(sourceDate: "2026-09-02", notes: GateTests.lacking("資本額")))
      #expect(try harness.failure(lacking).message.contains("it lacks the column 資本額"))
    }
  }

  @Test("a missing column has to be accepted only once")
  func columns() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      let options = TestSpool.Options(notes: GateTests.lacking("資本額"))
      let lacking = try harness.spool.snapshot(businesses(6), options)
      _ = try harness.failure(lacking)
      try harness.load(lacking) { $0.acceptance = .init(reason: "it is gone for good", user: "ops") }
      try harness.load(businesses(7), options)
      try harness.load(businesses(8))
      #expect(try harness.failure(try harness.spool.snapshot(businesses(9), options)).category == .data)
    }
  }

  @Test("after a rollback, the baseline is the snapshot that was rolled back to")
  func afterARollback() throws {
    try LoadHarness.with { harness in
      let good = try harness.spool.snapshot(businesses(200), .init(sourceDate: "2026-09-01"))
      try harness.load(good)
      let bad = try harness.spool.snapshot(businesses(400), .init(sourceDate: "2026-09-05"))
      try harness.load(bad) { $0.acceptance = .init(reason: "thought to be right", user: "ops") }
      // The rollback halves the registry: the gate does not apply to it.
      let result = try harness.load(good) { $0.action = .rollback }
      #expect(result.changes.removed == 200)
      try harness.expect(businesses(200))
      let failure = try harness.failure(
        try harness.spool.snapshot(businesses(401), .init(sourceDate: "2026-09-06")))
      #expect(failure.message.contains("401 records where snapshot \(good.id) has 200"))
      try harness.load(businesses(201), .init(sourceDate: "2026-09-02"))
      try harness.expect(businesses(201))
    }
  }

  @Test("corrections do not change the baseline: the date before them counts")
  func afterAReplay() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      let snapshot = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-05", failed: 1))
      try harness.load(snapshot)
      try harness.replay(snapshot, [Business("20000000", "by hand")])
      #expect(
        try harness.failure(try harness.spool.snapshot(businesses(202), .init(sourceDate: "2026-09-04")))
          .message.contains("2026-09-04 is before 2026-09-05"))
      try harness.load(businesses(203), .init(sourceDate: "2026-09-05"))
    }
  }
}
