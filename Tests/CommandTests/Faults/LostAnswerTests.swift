import Glibc
import Postgres
import SeededRandom
import Spool
import TestCluster
import TestSupport
import Testing

/// The connection to the server breaks at the worst moment, or stays open without any traffic.
@Suite(.enabled(if: TestCluster.isOwn, "the server is not ours"))
struct LostAnswerTests {
  /// Where the connection breaks around the COMMIT of the publication and its answer (CommandComplete and
  /// ReadyForQuery, 18 bytes).
  enum Cut: String, CaseIterable {
    case beforeItIsSent, beforeItsAnswer, inItsAnswer, behindItsAnswer

    var fault: FaultyWire.Fault {
      switch self {
      case .beforeItIsSent: .cut
      case .beforeItsAnswer: .cutAnswer(bytes: 0)
      case .inItsAnswer: .cutAnswer(bytes: 7)
      case .behindItsAnswer: .cutAnswer(bytes: 12)
      }
    }
  }

  private func wired(_ database: TestDatabase, to wire: FaultyWire) throws -> String {
    database.url.replacing(try TestCluster.shared.get().socketFolder ?? "?", with: wire.folder)
  }

  @Test(arguments: Drawn.pairs(Way.allCases.reversed(), Cut.allCases + (Drawn.areAll ? [] : Cut.allCases.reversed())))
  func theResultOfACommitIsFoundWhenItsAnswerIsLost(_ way: Way, _ cut: Cut) throws {
    let folder = try #require(TestCluster.shared.get().socketFolder)
    try TestDatabase.with { database in
      let days = try TwoDays()
      try days.prepare(way, database.url)
      let wire = FaultyWire(to: folder, at: .publishingCommit, cut.fault)
      let ended = try days.load(try wired(database, to: wire), days.arguments(way) + ["--json"])
      #expect(ended.code == 0 && wire.isOver, "\(ended)")
      #expect(ended.stderr.count(of: "trying again in") == 1, "\(ended)")
      // The summary is that of an uninterrupted load.
      #expect(try JSON(ended.stdout)["database"] == Holdings.account(of: way), "\(ended)")
      try expectHoldings(database.url, after: way)
      #expect(
        try database.rows("SELECT status, count(*) FROM etl_job_run GROUP BY 1").allSatisfy { !$0.hasPrefix("failed") })
      let feeds = try (manifests(days.first.changesFolder), manifests(days.second.changesFolder))
      #expect(feeds == (way == .rollback ? 2 : 1, way == .bulk ? 0 : 1))
      let again = try days.succeed(database.url, days.arguments(way))
      #expect(again.stdout.contains("already done"), "\(again)")
      try expectHoldings(database.url, after: way)
    }
  }

  enum Silence: String, CaseIterable { case inRowsTaken, inRowsNotTaken, atTheCommit }

  /// The time limit is an option in the URL, as a user would set it.
  @Test(arguments: Drawn.pairs([Way.reconcile, .bulk], Silence.allCases))
  func aSilentConnectionIsGivenUp(_ way: Way, _ silence: Silence) throws {
    let folder = try #require(TestCluster.shared.get().socketFolder)
    try TestDatabase.with { database in
      let days = try TwoDays()
      try days.prepare(way, database.url)
      let wire = FaultyWire(
        to: folder, at: silence == .atTheCommit ? .publishingCommit : .rows(way == .bulk ? 6 : 2),
        .silence(takes: silence != .inRowsNotTaken))
      let url = try wired(database, to: wire) + "&tcp_user_timeout=400"
      let ended = try days.load(url, days.arguments(way))
      #expect(ended.code == 0 && wire.isOver, "\(ended)")
      #expect(ended.stderr.contains("no active backend"), "\(ended)")
      try expectHoldings(database.url, after: way)
    }
  }

  /// A slow server is not treated as dead: the batch waits longer than the connection may be idle.
  @Test func aWorkingServerIsWaitedFor() throws {
    try LoadFixture.with(rows: 100, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      let barrier = try Barrier(fixture, after: 2)
      let running = try fixture.workshop.command(
        "load", ["--jobs", "1"],
        fixture.variables.merging(["DATABASE_URL": fixture.database.url + "&tcp_user_timeout=50"]) { $1 }
      ).start()
      // A second session checks the backend; each check is a new session.
      try running.wait(until: "it is asked after") {
        try fixture.database.execute("SELECT pg_stat_clear_snapshot()")
        return try fixture.database.scalar(
          "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'registry-watch'") == "t"
      }
      for _ in 1...20 { #expect(!running.hasEnded && !running.stderr.contains("no active backend")) }
      try barrier.open(whileRunning: true)
      let ended = try running.wait()
      #expect(ended.code == 0 && !ended.stderr.contains("no active backend"), "\(ended)")
      try fixture.expectAll()
    }
  }
}

extension String {
  func count(of text: String) -> Int { ranges(of: text).count }
}
