import Failures
import LoadStage
import Spool
import TestCluster
import Testing

@Suite("What the gate measures by", .needsServer)
struct GateBaselineTests {
  @Test("a sample and a limited snapshot are compared with nothing", arguments: [true, false])
  func partialIsExempt(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      try harness.load(rows)
      let few = GateTests.renamed(60, of: Array(rows.prefix(60)))
      let options = TestSpool.Options(
        sourceDate: "2020-01-01", sample: sample, limit: sample ? nil : 60, notes: GateTests.lacking("資本額"))
      #expect(try harness.load(few, options).refusals.isEmpty)
      try harness.expect(few + rows.dropFirst(60))
    }
  }

  @Test("and nothing is compared with them", arguments: [true, false])
  func partialIsNoBaseline(_ sample: Bool) throws {
    try LoadHarness.with { harness in
      let limit = sample ? nil : 150
      // The very first is one.
      let first = TestSpool.Options(sourceDate: "2026-09-09", sample: sample, limit: limit)
      try harness.load(businesses(150), first)
      let rows = businesses(400)
      try harness.load(rows)
      // It says another date, other columns and another number of records than the whole one before.
      try harness.load(
        Array(rows.prefix(150)),
        .init(sourceDate: "2026-09-30", sample: sample, limit: limit, notes: GateTests.lacking("資本額")))
      let failure = try harness.failure(
        try harness.spool.snapshot(businesses(379), .init(sourceDate: "2026-09-02")))
      #expect(failure.message.contains("379 records where"))
      try harness.load(businesses(401), .init(sourceDate: "2026-09-02"))
      let lacking = try harness.spool.snapshot(
        businesses(402), .init(sourceDate: "2026-09-02", notes: GateTests.lacking("資本額")))
      #expect(try harness.failure(lacking).message.contains("it lacks the column 資本額"))
    }
  }

  @Test("a column is told as missing once: accepted, it is missed no more")
  func columns() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      let options = TestSpool.Options(notes: GateTests.lacking("資本額"))
      let lacking = try harness.spool.snapshot(businesses(6), options)
      _ = try harness.failure(lacking)
      try harness.load(lacking) { $0.acceptance = .init(reason: "it is gone for good", user: "ops") }
      try harness.load(businesses(7), options)
      try harness.load(businesses(8))
      #expect(try harness.failure(try harness.spool.snapshot(businesses(9), options)).verdict == .data)
    }
  }

  @Test("after a rollback it is the snapshot that was rolled back to")
  func afterARollback() throws {
    try LoadHarness.with { harness in
      let good = try harness.spool.snapshot(businesses(200), .init(sourceDate: "2026-09-01"))
      try harness.load(good)
      let bad = try harness.spool.snapshot(businesses(400), .init(sourceDate: "2026-09-05"))
      try harness.load(bad) { $0.acceptance = .init(reason: "thought to be right", user: "ops") }
      // Going back halves the registry, and is asked for by name.
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

  @Test("corrections move no measure: the date before them counts")
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
