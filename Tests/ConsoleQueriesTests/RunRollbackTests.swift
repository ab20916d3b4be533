import ConsoleQueries
import Postgres
import SeededRandom
import Testing

@Suite("Rollback preview", .needsRunDatabase)
struct RunRollbackTests {
  @Test("the target is the previous publication in the spool; for a sample it is the last whole snapshot")
  func target() throws {
    try RunHarness.with { harness, connection in
      func publish(_ snapshot: String, isWhole: Bool = true, action: String = "load") throws {
        let run = try harness.run(&connection)
        try harness.publication(&connection, run: run, snapshot: snapshot, action: action, isWhole: isWhole)
      }
      func target(_ spool: [String]? = nil) throws -> String? {
        try RollbackPreview.read(&connection, inSpool: spool)?.target.snapshot
      }
      #expect(try target() == nil)
      try publish("A")
      #expect(try target() == nil)
      try publish("B")
      #expect(try target() == "A")
      try publish("C")
      #expect(try target() == "B")
      #expect(try target(["A", "C"]) == "A")
      #expect(try target([]) == nil)
      // A rolled-back day is skipped, and a replay publishes the same snapshot again.
      try publish("B", action: "rollback")
      try publish("B", action: "replay")
      #expect(try target() == "A")
      // It undoes only the load that counts: C was undone before, and the correction stays.
      #expect(try RollbackPreview.read(&connection)?.undone.count == 1)
      try publish("D", isWhole: false)
      #expect(try target() == "B")
    }
  }

  @Test("the effect is the difference of the two states, without corrected businesses")
  func effect() throws {
    var random = SeededRandom()
    try RunHarness.with { harness, connection in
      var states: [[String: Int]] = [[:]]
      var snapshots: [String] = []
      for day in 0..<6 {
        var next = states[day]
        for _ in 0..<30 {
          let ban = "\(10_000_000 + random.below(40))"
          next[ban] = random.below(3) == 0 ? nil : random.below(4)
        }
        let run = try harness.run(&connection)
        snapshots.append("S\(day)")
        try harness.publication(
          &connection, run: run, snapshot: "S\(day)", kind: day == 0 ? "bulk" : "reconcile", registrations: next.count)
        if day > 0 { try Self.feed(&connection, run, from: states[day], to: next) }
        states.append(next)
      }
      let corrected = "\(10_000_000 + random.below(40))"
      try connection.execute(
        """
        INSERT INTO registration_correction (ban, content, content_hash, corrected_by, job_run_id)
        VALUES ($1, '{}', 0, 'ada', 1)
        """, [corrected])
      for back in 1...5 {
        let spool = Array(snapshots.prefix(6 - back)) + [snapshots[5]]
        let preview = try #require(try RollbackPreview.read(&connection, inSpool: spool))
        let now = states[6].filter { $0.key != corrected }
        let then = states[6 - back].filter { $0.key != corrected }
        #expect(preview.target.registrations == states[6 - back].count, "seed \(random.seed)")
        #expect(preview.undone.map(\.jobRunID).count == back, "seed \(random.seed)")
        // A corrected business stays as it is now.
        #expect(
          preview.registrationsAfter == then.count + (states[6][corrected] == nil ? 0 : 1), "seed \(random.seed)")
        let expected = [
          now.keys.count { then[$0] == nil }, then.keys.count { now[$0] == nil },
          now.count { then[$0.key] != nil && then[$0.key] != $0.value },
        ]
        let effect = try #require(preview.effect)
        #expect([effect.removed, effect.inserted, effect.updated] == expected, "seed \(random.seed), \(back) back")
      }
      try connection.execute("UPDATE publication SET feed_expired_at = now() WHERE id = 3")
      let near = try #require(try RollbackPreview.read(&connection))
      #expect(near.effect != nil)
      let far = try #require(try RollbackPreview.read(&connection, inSpool: ["S0"]))
      #expect(far.effect == nil && far.undone.count == 5)
    }
  }

  @Test("what was undone in the meantime is left out of the effect; a load that was undone has one, too")
  func undoneInBetween() throws {
    try RunHarness.with { harness, connection in
      let states = [
        "A": ["1": 1, "2": 1, "3": 1], "B": ["1": 1, "2": 2, "3": 1], "C": ["4": 1], "D": ["1": 3, "2": 2, "5": 1],
      ]
      var now: [String: Int] = [:]
      var runs: [Int] = []
      for (snapshot, action) in [("A", "load"), ("B", "load"), ("C", "load"), ("B", "rollback"), ("D", "load")] {
        let next = try #require(states[snapshot])
        let run = try harness.run(&connection)
        try harness.publication(&connection, run: run, snapshot: snapshot, action: action, registrations: next.count)
        if !runs.isEmpty { try Self.feed(&connection, run, from: now, to: next) }
        runs.append(run)
        now = next
      }
      func counts(_ preview: RollbackPreview?) -> [Int?] {
        [preview?.effect?.inserted, preview?.effect?.updated, preview?.effect?.removed]
      }
      #expect(try counts(RollbackPreview.read(&connection, inSpool: ["A", "D"])) == [1, 2, 1])
      // C again: 4 comes, all others go.
      let reload = try RollbackPreview.read(&connection, reloading: runs[2])
      #expect(counts(reload) == [1, 0, 3] && reload?.undone == [] && reload?.registrationsAfter == 1)
      #expect(try RollbackPreview.read(&connection, reloading: runs[4] + 1) == nil)
      // Expired changes matter only if they are counted.
      try connection.execute(
        "UPDATE publication SET feed_expired_at = now() WHERE job_run_id IN ($1, $2)", ["\(runs[2])", "\(runs[3])"])
      #expect(try counts(RollbackPreview.read(&connection, inSpool: ["A", "D"])) == [1, 2, 1])
      #expect(try counts(RollbackPreview.read(&connection, reloading: runs[2])) == [nil, nil, nil])
    }
  }

  private static func feed(
    _ connection: inout Connection, _ run: Int, from: [String: Int], to: [String: Int]
  ) throws {
    for ban in Set(from.keys).union(to.keys) where from[ban] != to[ban] {
      let kind = from[ban] == nil ? "added" : to[ban] == nil ? "removed" : "changed"
      try connection.execute(
        """
        INSERT INTO registration_change (job_run_id, ban, kind, before, after)
        VALUES ($1, $2, $3, to_jsonb($4::int), to_jsonb($5::int))
        """, ["\(run)", ban, kind, from[ban].map { "\($0)" }, to[ban].map { "\($0)" }])
    }
  }
}
