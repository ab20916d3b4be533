import CommandKit
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("Accepting a refused snapshot", .needsServer)
struct GateAcceptanceTests {
  private let acceptance = Acceptance(reason: "all codes were re-issued\n“二”", user: "ops")

  @Test("a day that changes every business is refused, then accepted; user, time and reason are stored")
  func massChange() throws {
    try LoadHarness.with { harness in
      let rows = businesses(300)
      try harness.load(rows)
      let changed = GateTests.renamed(300, of: rows)
      let snapshot = try harness.spool.snapshot(changed, .init(sourceDate: "2026-08-31", failed: 4))
      let failure = try harness.failure(snapshot)
      try harness.expect(rows)
      #expect(try AcceptanceManifest.read(at: snapshot.acceptanceManifest) == nil)

      let outcome = try harness.load(snapshot) { $0.acceptance = acceptance }
      #expect(outcome.changes.updated == 300)
      #expect(outcome.refusals.count == 3)
      #expect(failure.message.hasSuffix(outcome.refusals.joined(separator: "; ")))
      try harness.expect(changed)

      #expect(
        try harness.database.rows(
          """
          SELECT accepted_by, accept_reason, cardinality(refusals), refusals[2] LIKE '300 of 300 businesses%',
            published_at IS NOT NULL
          FROM publication ORDER BY id
          """) == ["-|-|0|-|t", "ops|\(acceptance.reason)|3|t|t"])
      let manifest = try #require(try AcceptanceManifest.read(at: snapshot.acceptanceManifest))
      #expect(manifest.acceptedBy == "ops" && manifest.reason == acceptance.reason)
      #expect(manifest.refusals == outcome.refusals)
      #expect(manifest.acceptedAt.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil)
      #expect(try harness.jobs() == ["success|-", "failed|\(failure.message)", "partial|-"])
      // The next day is compared with it.
      try harness.load(Array(changed.prefix(295)), .init(sourceDate: "2026-08-31"))
      let result = try harness.load(snapshot) { $0.action = .rollback }
      #expect(result.refusals.isEmpty)
    }
  }

  @Test("an acceptance that was not needed is not recorded")
  func notNeeded() throws {
    try LoadHarness.with { harness in
      for count in [200, 201] {
        let snapshot = try harness.spool.snapshot(businesses(count))
        let result = try harness.load(snapshot) { $0.acceptance = acceptance }
        #expect(result.refusals.isEmpty)
        #expect(try AcceptanceManifest.read(at: snapshot.acceptanceManifest) == nil)
      }
      #expect(
        try harness.database.rows("SELECT DISTINCT accepted_by, accept_reason, refusals FROM publication") == [
          "-|-|{}"
        ])
    }
  }

  @Test("an acceptance without a name is refused if several snapshots wait, or if the newest is limited")
  func whichSnapshot() throws {
    try LoadHarness.with { harness in
      let rows = businesses(300)
      try harness.load(rows)
      let checked = try harness.spool.snapshot(GateTests.renamed(300, of: rows))
      try #require(try harness.failure(checked).category == .data)
      let cut = try harness.spool.snapshot(Array(rows.prefix(100)))
      let failure = try harness.failure(cut) {
        $0.acceptance = acceptance
        $0.choice = .newest
      }
      #expect(failure.category == .usage)
      #expect(
        failure.message == "--accept does not say which snapshot: 2 are not published: \(checked.id), \(cut.id)")
      try harness.expect(rows)
      try harness.load(checked) { $0.acceptance = acceptance }
      try harness.load(cut) { $0.acceptance = acceptance }

      let limited = try harness.spool.snapshot(businesses(5), .init(limit: 5))
      let second = try harness.failure(limited) {
        $0.acceptance = acceptance
        $0.choice = .newest
      }
      #expect(second.message == "--accept does not say which snapshot: \(limited.id) is a sample, or limited")
      // A run that fetched the snapshot itself has named it.
      try harness.load(limited) { $0.acceptance = acceptance }
    }
  }

  @Test("the initial load is checked against the rejection budget")
  func firstLoad() throws {
    try LoadHarness.with { harness in
      let rows = businesses(100)
      let snapshot = try harness.spool.snapshot(rows, .init(failed: 2))
      #expect(
        try harness.failure(snapshot).message.hasSuffix("2 of 102 records are rejected, more than --max-rejects 1%"))
      try harness.expect([])
      let outcome = try harness.load(snapshot) { $0.acceptance = acceptance }
      #expect(outcome.kind == .initial && outcome.refusals.count == 1)
      #expect(try harness.database.rows("SELECT accepted_by, cardinality(refusals) FROM publication") == ["ops|1"])
      try harness.expect(rows)
    }
  }

  @Test("a snapshot without an accepted record is refused even with an acceptance")
  func nothingAccepted() throws {
    try LoadHarness.with { harness in
      let rows = businesses(3)
      try harness.load(rows)
      let snapshot = try harness.spool.snapshot([], .init(failed: 3))
      let refused = try harness.failure(snapshot) { $0.acceptance = acceptance }
      #expect(refused.category == .data)
      try harness.expect(rows)
    }
  }

  @Test("after a kill behind the COMMIT, the acceptance is stored and the next load has nothing to do")
  func lostAnswer() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(200))
      let snapshot = try harness.spool.snapshot(businesses(100))
      struct Killed: Error {}
      _ = try harness.failure(snapshot) {
        $0.acceptance = acceptance
        $0.atPoints { if $0 == .published { throw Killed() } }
      }
      #expect(try harness.load(snapshot).result == .unchanged)
      #expect(try harness.database.rows("SELECT accepted_by FROM publication ORDER BY id") == ["-", "ops"])
      try harness.expect(businesses(100))
    }
  }
}
