import LoadStage
import Records
import Spool
import TestCluster
import Testing

@Suite("Corrections over many days", .needsServer)
struct CorrectedDaysTests {
  @Test(
    "after random days, corrections and withdrawals, the registry is the day's source with the corrections in force")
  func randomDays() throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    for seed in seed..<seed + 6 {
      try LoadHarness.with { harness in
        var harness = harness
        harness.maxRejects = .percent(100)
        var days = CorrectedDays(seed: seed)
        var snapshot = try publish(days, harness, day: 1)
        var before: [Business] = days.registry
        for day in 2...14 {
          if days.chance(3) {
            let rows = days.correct()
            try harness.replay(snapshot, rows)
          } else if days.chance(3), !days.corrections.isEmpty {
            let bans = days.withdraw()
            guard !bans.isEmpty else { continue }
            try harness.load(snapshot) {
              $0.action = .withdraw
              $0.withdrawn = bans.compactMap { UInt32($0) }
            }
          } else {
            days.nextDay()
            snapshot = try publish(days, harness, day: day)
          }
          try expect(days, from: before, harness, "seed \(seed), day \(day)")
          before = days.registry
        }
        try expectFreshLoadEqual(days, harness, "seed \(seed)")
      }
    }
  }

  private func publish(_ days: CorrectedDays, _ harness: LoadHarness, day: Int) throws -> SnapshotFolder {
    let errors = days.bans(faulty: false).map { TestSpool.finding("MISSING_NAME", "error", raw: Business($0, "").csv) }
    // A finding belongs to the chunk of its record.
    let faulty = Set(days.bans(faulty: true))
    var findings = [1: errors]
    for (index, row) in days.accepted.enumerated() where faulty.contains(row.ban) {
      findings[index / 10 + 1, default: []].append(
        TestSpool.finding("INVALID_CAPITAL", "warning", raw: Business(row.ban, "x").csv))
    }
    let date = "2026-09-\(day < 10 ? "0" : "")\(day)"
    let snapshot = try harness.spool.snapshot(
      days.accepted, .init(sourceDate: date, findings: findings, failed: 40))
    // Findings are not part of the content: without force, load skips a day on which only findings differ.
    try harness.load(snapshot) { $0.force = true }
    return snapshot
  }

  /// Checks the registry and the corrections in force, and that the feed is the difference from the day before.
  private func expect(
    _ days: CorrectedDays, from before: [Business], _ harness: LoadHarness, _ place: String
  ) throws {
    #expect(try harness.registry() == LoadHarness.expected(days.registry), "\(place)")
    let marked = try harness.database.rows("SELECT ban FROM registration_correction WHERE ended_at IS NULL ORDER BY 1")
    #expect(marked == days.corrections.keys.sorted(), "\(place)")
    let old = Dictionary(uniqueKeysWithValues: before.map { ($0.ban, $0) })
    let new = Dictionary(uniqueKeysWithValues: days.registry.map { ($0.ban, $0) })
    let legible = Set(days.bans(faulty: false))
    let expected = Set(old.keys).union(new.keys).sorted().compactMap { ban -> String? in
      switch (old[ban], new[ban]) {
      case (let old?, let new?): old == new ? nil : "changed|\(ban)|-"
      case (nil, _?): "added|\(ban)|-"
      default: "removed|\(ban)|\(legible.contains(ban) ? "rejected" : "absent")"
      }
    }
    let feed = try harness.database.rows(
      """
      SELECT CASE kind WHEN 'reappeared' THEN 'added' ELSE kind END, ban, reason FROM registration_change
      WHERE job_run_id = (SELECT max(job_run_id) FROM publication) ORDER BY ban
      """)
    #expect(feed == expected, "\(place)")
  }

  /// Checks that a fresh load of the last day with its corrections gives the same registry.
  private func expectFreshLoadEqual(_ days: CorrectedDays, _ harness: LoadHarness, _ place: String) throws {
    try LoadHarness.with { fresh in
      try fresh.load(days.registry.sorted { $0.ban < $1.ban })
      #expect(try fresh.registry() == harness.registry(), "\(place)")
      // The stored hashes match the content: --verify repairs nothing.
      let last = try #require(try SpoolIndex.snapshots(harness.spool.path).last)
      let outcome = try harness.load(SnapshotFolder(spool: harness.spool.path, id: last)) { $0.verify = true }
      #expect(outcome.repaired == 0 && outcome.changes.updated == 0, "\(place)")
      #expect(try harness.registry() == fresh.registry(), "\(place)")
    }
  }
}
