import CommandKit
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("Rollback", .needsServer)
struct RollbackTests {
  /// Publishes three days.
  private func days(_ harness: LoadHarness) throws -> [SnapshotFolder] {
    try [200, 202, 204].enumerated().map { index, count in
      let snapshot = try harness.spool.snapshot(businesses(count), .init(sourceDate: "2026-09-0\(index + 1)"))
      try harness.load(snapshot)
      return snapshot
    }
  }

  private func target(_ harness: LoadHarness) throws -> SnapshotID {
    try Rollback.target(harness.database.url, spool: harness.spool.path, stop: {}).id
  }

  @Test("the default target is the previous publication, and the same after the rollback; without one: 66")
  func target() throws {
    try LoadHarness.with { harness in
      func failure() throws -> Failure { try #require(throws: Failure.self) { try target(harness) } }
      #expect(try failure().category == .notReady)
      let snapshots = try days(harness)
      #expect(try target(harness) == snapshots[1].id)
      for index in [1, 0] {
        let outcome = try harness.load(snapshots[index]) { $0.action = .rollback }
        #expect(outcome.changes.removed == 2)
        try harness.expect(businesses(200 + 2 * index))
        #expect(try target(harness) == snapshots[index].id)
      }
      #expect(
        try harness.database.rows("SELECT action, source_date, snapshot FROM publication ORDER BY id").suffix(2) == [
          "rollback|2026-09-02|\(snapshots[1].id)", "rollback|2026-09-01|\(snapshots[0].id)",
        ])
      try Folder.remove(snapshots[0].path)
      #expect(try failure().category == .notReady)
    }
  }

  @Test("a business that came only with data that was rolled back is new when it comes again")
  func undoneIsForgotten() throws {
    try LoadHarness.with { harness in
      let first = businesses(200)
      let guest = Business("20000000", "guest")
      let base = try harness.spool.snapshot(first)
      try harness.load(base)
      // The last of the undone days has the guest, or lacks it and another business: that rollback removes nothing.
      for last in [first + [guest], Array(first.dropLast())] {
        func load(_ rows: [Business]) throws {
          try harness.load(try harness.spool.snapshot(rows)) { $0.choice = .user }
        }
        for rows in [first + [guest], last] { try load(rows) }
        try harness.load(base) { $0.action = .rollback }
        try load(first + [guest, Business("20000001", "another")])
        let kinds = try harness.database.rows(
          """
          SELECT ban, kind FROM registration_change
          WHERE job_run_id = (SELECT max(job_run_id) FROM publication) ORDER BY ban
          """)
        #expect(kinds == ["20000000|added", "20000001|added"])
        try harness.load(base) { $0.action = .rollback }
      }
    }
  }

  @Test("the order of publications counts, not that of the snapshots' names")
  func orderOfPublications() throws {
    try LoadHarness.with { harness in
      let days = (0..<3).map { businesses(200 + 2 * $0) }
      let snapshots = try days.map { try harness.spool.snapshot($0) }
      // The second snapshot is published last.
      for index in [0, 2, 1] { try harness.load(snapshots[index]) { $0.acceptance = .test } }
      #expect(try target(harness) == snapshots[2].id)
      try harness.load(snapshots[2]) { $0.action = .rollback }
      try harness.expect(days[2])
      // Repeating the command goes no further back, and the next run does not publish the second snapshot again.
      #expect(try target(harness) == snapshots[2].id)
      #expect(try harness.load(days[1]).result == .unchanged)
      try harness.expect(days[2])
    }
  }

  @Test("if the spool lacks the default target: 66, and the next older one is named")
  func lacking() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness)
      try Folder.remove(snapshots[1].path)
      let failure = #expect(throws: Failure.self) { try target(harness) }
      #expect(failure?.category == .notReady && failure?.message.contains("\(snapshots[1].id)") == true)
      #expect(failure?.hints.first?.description.contains("\(snapshots[0].id)") == true)
    }
  }

  @Test("another snapshot of the published source is no target: going back to it would change nothing")
  func sameSource() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness)
      try harness.database.execute(
        """
        UPDATE publication SET source_sha256 = (SELECT source_sha256 FROM publication ORDER BY id DESC LIMIT 1)
        WHERE snapshot = '\(snapshots[1].id)'
        """)
      #expect(try target(harness) == snapshots[0].id)
    }
  }

  @Test("samples and unpublished snapshots are no target")
  func noTarget() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(20))
      try harness.load(first)
      try harness.spool.snapshot(businesses(21))
      let sample = try harness.spool.snapshot(businesses(3), .init(sample: true))
      try harness.load(sample) {
        $0.force = true
        $0.acceptance = .test
      }
      try harness.load(businesses(22))
      #expect(try target(harness) == first.id)
      let failure = try harness.failure(sample) { $0.action = .rollback }
      #expect(failure.category == .data && failure.message.contains("it is a sample, or limited"))
      try Folder.remove(first.path)
      #expect(throws: Failure.self) { try target(harness) }
    }
  }

  @Test("a snapshot that was rolled back is loaded again only by its name, also after later changes")
  func notLoadedAgain() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness)
      let rows = businesses(200)
      let bad = snapshots[2]
      func expectHeld(_ rows: [Business]) throws {
        let outcome = try harness.load(bad)
        #expect(outcome.result == .unchanged)
        #expect(harness.log.advice.last?.contains("--snapshot \(bad.id)") == true)
        // --verify needs the name of the published snapshot.
        let unverified = try harness.failure(bad) { $0.verify = true }
        #expect(
          unverified.category == .notReady
            && unverified.hints[0].description.contains("--snapshot \(snapshots[0].id) --verify"))
        // The same content in another snapshot.
        #expect(try harness.load(businesses(204), .init(sourceDate: "2026-09-03")).result == .unchanged)
        try harness.expect(rows)
      }
      try harness.load(snapshots[0]) { $0.action = .rollback }
      try expectHeld(rows)
      // Applying or withdrawing a correction leaves the rollback in force.
      var corrected = rows[5]
      corrected.name = "更正"
      try harness.replay(snapshots[0], [corrected])
      try expectHeld(rows.filter { $0.ban != corrected.ban } + [corrected])
      try harness.withdraw(snapshots[0], corrected.ban)
      try expectHeld(rows)
      // A sample leaves it in force too.
      try harness.load(try harness.spool.snapshot([Business("10000001", "樣本")], .init(sample: true))) {
        $0.acceptance = .test
      }
      try expectHeld(rows.filter { $0.ban != "10000001" } + [Business("10000001", "樣本")])

      try harness.load(bad) { $0.choice = .user }
      try harness.expect(businesses(204))
      #expect(try harness.load(bad).result == .unchanged)
    }
  }

  @Test("the next day is loaded after a rollback")
  func theDayAfter() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness)
      try harness.load(snapshots[1]) { $0.action = .rollback }
      try harness.load(businesses(205), .init(sourceDate: "2026-09-04"))
      try harness.expect(businesses(205))
      #expect(try harness.feed().count == 3)
    }
  }

  @Test("a rollback to the published snapshot has nothing to do")
  func alreadyThere() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness)
      let outcome = try harness.load(snapshots[2]) { $0.action = .rollback }
      #expect(outcome.result == .unchanged)
    }
  }

  @Test("the gate and the rejection budget do not apply: a person asked for the rollback")
  func nothingIsAsked() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(
        businesses(100), .init(sourceDate: "2026-01-01", failed: 50))
      try harness.load(first) { $0.maxRejects = .percent(100) }
      try harness.load(try harness.spool.snapshot(businesses(3000), .init(chunkSize: 1000))) {
        $0.maxRejects = .percent(100)
        $0.acceptance = Acceptance(reason: "the whole country", user: "ops")
      }
      let outcome = try harness.load(first) { $0.action = .rollback }
      #expect(outcome.refusals == [])
      try harness.expect(businesses(100))
    }
  }
}
