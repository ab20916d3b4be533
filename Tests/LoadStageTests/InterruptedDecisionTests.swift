import CommandKit
import Foundation
import LoadStage
import Postgres
import Records
import Spool
import Support
import TestCluster
import Testing

/// A run must not act on the decisions of an interrupted one.
@Suite("Decisions of interrupted runs", .needsServer)
struct InterruptedDecisionTests {
  private struct Killed: Error {}

  @Test("a load does not use rows that a withdraw staged")
  func stagedByAWithdraw() throws {
    try LoadHarness.with { harness in
      let rows = businesses(25)
      let snapshot = try harness.spool.snapshot(rows)
      try harness.load(snapshot)
      var corrected = rows[3]
      corrected.capital = 5
      try harness.replay(snapshot, [corrected])
      _ = try harness.failure(snapshot) {
        $0.action = .withdraw
        $0.withdrawn = [UInt32(corrected.ban) ?? 0]
        $0.atPoints { if $0 == .batchCommitted(3) { throw Killed() } }
      }
      #expect(try harness.database.scalar("SELECT count(*) FROM incoming_registration") == "1")
      try harness.load(snapshot) { $0.force = true }
      try harness.expect(rows.filter { $0.ban != corrected.ban } + [corrected])
      #expect(try harness.corrections() == ["\(corrected.ban)|in force"])
    }
  }

  @Test("corrections are refused if another snapshot was published meanwhile")
  func publishedMeanwhile() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(10))
      try harness.load(first)
      try harness.load(businesses(11), .init(sourceDate: "2026-09-02"))
      let sheet = try CorrectionSheet.of([Business("10000003", "corrected")])
      let failure = try harness.failure(first) {
        $0.action = .replay
        $0.sheet = sheet
      }
      #expect(failure.category == .temporary && failure.message.contains("published while this command ran"))
      try harness.expect(businesses(11))
    }
  }

  @Test("corrections on a sample after a whole snapshot are refused: the sample lacks the other records")
  func onASample() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(10))
      let sample = try harness.spool.snapshot([Business("10000001", "sample")], .init(sample: true))
      try harness.load(sample) { $0.acceptance = .test }
      let sheet = try CorrectionSheet.of([Business("10000003", "corrected")])
      let failure = try harness.failure(sample) {
        $0.action = .replay
        $0.sheet = sheet
      }
      #expect(failure.category == .notReady)
    }
  }

  @Test("a run that another one overtakes between two attempts opens a new job run, which orders the feed")
  func overtaken() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(10))
      let other = try harness.spool.snapshot(businesses(12), .init(sourceDate: "2026-09-02"))
      let mine = try harness.spool.snapshot(businesses(14), .init(sourceDate: "2026-09-03"))
      let once = Once()
      try harness.load(mine) { [harness] settings in
        settings.atPoints { point in
          guard point == .jobOpened else { return }
          try once.run { throw PostgresError(.temporary, message: "the connection is lost", place: "here") }
        }
        settings.pause = { _ in try harness.load(other) }
      }
      try harness.expect(businesses(14))
      #expect(
        try harness.database.rows("SELECT p.source_date FROM publication p ORDER BY p.job_run_id").map { $0 }
          == ["2026-09-01", "2026-09-02", "2026-09-03"])
      #expect(
        try harness.database.rows("SELECT status FROM etl_job_run ORDER BY id") == [
          "success", "failed", "success", "success",
        ])
      #expect(try harness.database.scalar("SELECT count(*) FROM registry_as_of('2026-09-02')") == "12")
    }
  }

  @Test(
    "if the server lost the job run, or its number is another run's, load opens a new one",
    arguments: [
      "DELETE FROM import_progress WHERE job_run_id > 1; DELETE FROM etl_job_run WHERE id > 1",
      "UPDATE etl_job_run SET run_id = 'another', status = 'failed' WHERE id > 1",
    ])
  func lostJobRun(_ failover: String) throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(10))
      let once = Once()
      let next = try harness.spool.snapshot(businesses(14))
      try harness.load(next) { [harness] settings in
        settings.atPoints { point in
          guard point == .jobOpened else { return }
          try once.run { throw PostgresError(.temporary, message: "the connection is lost", place: "here") }
        }
        settings.pause = { _ in try harness.database.execute(failover) }
      }
      try harness.expect(businesses(14))
      let runs = try harness.database.rows("SELECT id, status FROM etl_job_run ORDER BY id")
      #expect(
        runs == (failover.hasPrefix("DELETE") ? ["1|success", "3|success"] : ["1|success", "2|failed", "3|success"]))
      #expect(try harness.database.rows("SELECT job_run_id FROM publication ORDER BY id") == ["1", "3"])
    }
  }

  @Test("--verify does not refuse an accepted snapshot, and restores its acceptance file")
  func accepted() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(200))
      let snapshot = try harness.spool.snapshot(businesses(210), .init(sourceDate: "2026-09-02", failed: 50))
      try harness.load(snapshot) { $0.acceptance = Acceptance(reason: "known", user: "ops") }
      let written = try #require(try AcceptanceManifest.read(at: snapshot.acceptanceManifest))
      try SpoolFile.remove(snapshot.acceptanceManifest)
      #expect(try harness.load(snapshot) { $0.verify = true }.result == .published)
      #expect(try AcceptanceManifest.read(at: snapshot.acceptanceManifest) == written)
      #expect(try harness.load(snapshot).result == .unchanged)
    }
  }
}

@Suite("State after a rollback", .needsServer)
struct RollbackInForceTests {
  @Test("a snapshot that was never published is no rollback target: it has not passed the gate")
  func neverPublished() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(200))
      let refused = try harness.spool.snapshot(businesses(20), .init(sourceDate: "2026-09-02"))
      #expect(try harness.failure(refused).category == .data)
      let failure = try harness.failure(refused) { $0.action = .rollback }
      #expect(failure.category == .data && failure.message.contains("never published"))
      try harness.expect(businesses(200))
    }
  }

  @Test("the default rollback target skips a day that was rolled back")
  func passesOver() throws {
    try LoadHarness.with { harness in
      let days = try [200, 202, 204].enumerated().map { index, count in
        try harness.spool.snapshot(businesses(count), .init(sourceDate: "2026-09-0\(index + 1)"))
      }
      try harness.load(days[0])
      try harness.load(days[1])
      try harness.load(days[0]) { $0.action = .rollback }
      try harness.load(days[2])
      #expect(try Rollback.target(harness.database.url, spool: harness.spool.path, stop: {}).id == days[0].id)
    }
  }

  @Test("the rollback from a sample goes to the whole snapshot before it")
  func sampleOnTop() throws {
    try LoadHarness.with { harness in
      let days = try [200, 202].enumerated().map { index, count in
        try harness.spool.snapshot(businesses(count), .init(sourceDate: "2026-09-0\(index + 1)"))
      }
      for day in days { try harness.load(day) }
      let sample = try harness.spool.snapshot([Business("90000000", "sample")], .init(sample: true))
      try harness.load(sample) { $0.acceptance = .test }
      let target = try Rollback.target(harness.database.url, spool: harness.spool.path, stop: {})
      #expect(target.id == days[1].id)
      try harness.load(target) { $0.action = .rollback }
      try harness.expect(businesses(202))
    }
  }

  @Test("a rollback stays in force when its snapshot is verified")
  func verified() throws {
    try LoadHarness.with { harness in
      let good = try harness.spool.snapshot(businesses(200))
      let bad = try harness.spool.snapshot(businesses(202), .init(sourceDate: "2026-09-02"))
      try harness.load(good)
      try harness.load(bad)
      try harness.load(good) { $0.action = .rollback }
      try harness.load(good) {
        $0.verify = true
        $0.choice = .user
      }
      #expect(try harness.load(bad).result == .unchanged)
      try harness.expect(businesses(200))
    }
  }

  @Test("a rollback ends no correction: it still applies when the newer snapshot is loaded again")
  func corrections() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      let first = try harness.spool.snapshot(rows)
      let raw = Business("10000003", "").csv
      let second = try harness.spool.snapshot(
        rows.filter { $0.ban != "10000003" },
        .init(
          sourceDate: "2026-09-02", findings: [1: [TestSpool.finding("MISSING_NAME", "error", raw: raw)]], failed: 1))
      try harness.load(first)
      try harness.load(second)
      let corrected = Business("10000003", "corrected")
      try harness.replay(second, [corrected])
      try harness.load(first) { $0.action = .rollback }
      #expect(try harness.corrections() == ["10000003|in force"])
      try harness.load(second) { $0.choice = .user }
      try harness.expect(rows.filter { $0.ban != "10000003" } + [corrected])
    }
  }

  @Test("a BAN is legible even in a rejected record that is not UTF-8")
  func base64() throws {
    try LoadHarness.with { harness in
      let rows = businesses(200)
      try harness.load(rows)
      let raw = Array(Business("10000003", "").csv.utf8) + [0xFF]
      let line =
        #"{"record":1,"line":3,"byte_offset":9,"code":"INVALID_ENCODING","severity":"error","column":null,"message":"m","raw_base64":"\#(Data(raw).base64EncodedString())"}"#
      try harness.load(
        rows.filter { $0.ban != "10000003" }, .init(sourceDate: "2026-09-02", findings: [1: [line]], failed: 1))
      #expect(try harness.feed() == ["removed|10000003|rejected"])
    }
  }
}

@Suite("A resumed load", .needsServer)
struct TakenUpAgainTests {
  private struct Killed: Error {}

  @Test("a load does not use rows that a rollback staged: a load ends corrections, a rollback does not")
  func rollbackThenLoad() throws {
    try LoadHarness.with { harness in
      let first = businesses(25)
      var second = first
      second[3].name = "second"
      let days = try [first, second].map { try harness.spool.snapshot($0) }
      for day in days { try harness.load(day) }
      try harness.replay(days[1], [Business("10000003", "corrected")])
      _ = try harness.failure(days[0]) {
        $0.action = .rollback
        $0.atPoints { if $0 == .publishing { throw Killed() } }
      }
      try harness.load(days[0]) { $0.choice = .user }
      #expect(try harness.corrections() == ["10000003|fixed"])
      try harness.expect(first)
    }
  }

  @Test("a registry that was edited after staging is noticed, and the load starts over")
  func editedMeanwhile() throws {
    try LoadHarness.with { harness in
      let rows = businesses(25)
      try harness.load(rows)
      let next = try harness.spool.snapshot(rows + [Business("20000000", "new")], .init(sourceDate: "2026-09-02"))
      _ = try harness.failure(next) { $0.atPoints { if $0 == .publishing { throw Killed() } } }
      try harness.database.execute("DELETE FROM tax_registration WHERE ban = '10000007'")
      try harness.load(next)
      #expect(harness.log.retries == 1)
      try harness.expect(rows + [Business("20000000", "new")])
    }
  }

  @Test("a correction that is named twice is withdrawn once")
  func namedTwice() throws {
    try LoadHarness.with { harness in
      let rows = businesses(10)
      let snapshot = try harness.spool.snapshot(rows)
      try harness.load(snapshot)
      try harness.replay(snapshot, [Business("10000003", "corrected"), Business("30000000", "put on")])
      try harness.withdraw(snapshot, "10000003", "10000003", "30000000", "30000000")
      #expect(try harness.corrections() == ["10000003|withdrawn", "30000000|withdrawn"])
      try harness.expect(rows)
      #expect(try harness.feed() == ["changed|10000003|business_name", "removed|30000000|absent"])
    }
  }
}
