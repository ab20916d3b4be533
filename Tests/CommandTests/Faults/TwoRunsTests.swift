import Glibc
import MalformedInputs
import Postgres
import SeededRandom
import Spool
import TestCluster
import TestSupport
import Testing

/// Two concurrent runs: one wins, the other waits or ends with 75, and the registry is that of a single run.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct TwoRunsTests {
  /// Starts the stages one after the other, as `pipeline.sh` does, in their own process group.
  private func start(_ workshop: CommandSandbox, _ source: String, _ url: String, jobs: Int) throws -> Running {
    let stages = ["fetch", "transform", "load"].map { "\(Command.path(of: $0)) \"$@\"" }
    var command = workshop.command("fetch", [], ["DATABASE_URL": url, "SOURCE_URL": source, "MAX_REJECTS": "100%"])
    command.environment.merge(
      [
        "SPOOL_DIR": workshop.spool, "CHUNK_SIZE": "40", "JOBS": "\(jobs)", "MAX_CHANGE": "100%",
        "MAX_DECREASE": "100%", "MAX_INCREASE": "1000%", "MAX_CITY_LOSS": "100%",
      ]
    ) { $1 }
    command.program = "/bin/sh"
    command.arguments = ["-c", stages.joined(separator: " && "), "run"]
    return try command.start()
  }

  /// Returns businesses and industries.
  private func registry(_ url: String) throws -> [String] { try Holdings.registry(url) }

  private func sources() throws -> [String] {
    let header = Days.header + "\n"
    return [
      header + Days.records(400).joined(separator: "\n") + "\n",
      header + Days.records(430).dropFirst(60).joined(separator: "\n").replacing("商店", with: "商號") + "\n",
    ]
  }

  private func alone(_ source: String) throws -> [String] {
    try TestDatabase.with { database in
      let workshop = CommandSandbox()
      let ended = try start(workshop, workshop.file(source), database.url, jobs: 2).wait()
      try #require(ended.code == 0, "\(ended)")
      return try registry(database.url)
    }
  }

  @Test(arguments: Drawn.pairs([true, false], [true, false]))
  func theRegistryIsThatOfASingleRun(_ sameSpool: Bool, _ sameSource: Bool) throws {
    let sources = try sources()
    let alone = try sources.map(alone)
    for seed in UInt64(1)...(Drawn.areAll ? 8 : 2) {
      var random = SeededRandom(seed: seed)
      try TestDatabase.with { database in
        let workshops = sameSpool ? Array(repeating: CommandSandbox(), count: 2) : [CommandSandbox(), CommandSandbox()]
        let files = [
          workshops[0].file(sources[0], "a.csv"),
          workshops[1].file(sources[sameSource ? 0 : 1], sameSource ? "a.csv" : "b.csv"),
        ]
        let runs = try (0..<2).map {
          try start(workshops[$0], files[$0], database.url, jobs: 1 + Int(random.next() % 3))
        }
        // In every other pair, one run is killed at a random moment.
        let victim = seed % 2 == 1 ? nil : Int(random.next() % 2)
        if let victim {
          let goal = Int(random.next() % 12)
          let seen = { try manifests(workshops[victim].snapshots.last?.transformFolder ?? "/nonexistent") }
          try? runs[victim].wait(until: "\(goal) chunks are validated") { try seen() >= goal }
          runs[victim].killGroup(SIGKILL)
        }
        let codes = try runs.enumerated().map { index, run in
          let ended = try run.wait()
          // A single stage uses the newest snapshot, which may be the other run's and incomplete: 66.
          let codes: [Int32] = sameSpool && !sameSource ? [0, 66, 75] : [0, 75]
          #expect(
            ended.code.map { codes.contains($0) } ?? (index == victim), "seed \(seed), run \(index): \(ended)")
          return ended.code
        }
        #expect(victim != nil || codes.contains(0) || codes.contains(66), "seed \(seed): \(codes)")
        if codes.contains(0) {
          let held = try registry(database.url)
          #expect(alone.contains(held), "seed \(seed): the registry is that of neither source")
        }
        // The same commands again, one after the other. The session of a killed run may exist for a moment.
        for index in 0..<2 {
          var again = try start(workshops[index], files[index], database.url, jobs: 2).wait()
          for _ in 1...20 where again.code == 75 {
            again = try start(workshops[index], files[index], database.url, jobs: 2).wait()
          }
          #expect(again.code == 0, "seed \(seed), run \(index): \(again)")
          #expect(try registry(database.url) == alone[sameSource ? 0 : index], "seed \(seed), run \(index)")
        }
        #expect(
          try database.rows("SELECT status FROM etl_job_run").allSatisfy { ["success", "failed"].contains($0) })
        #expect(
          try database.scalar("SELECT count(*) FROM etl_job_run WHERE status = 'success'")
            == database.scalar("SELECT count(*) FROM publication"))
        for workshop in workshops { #expect(try workshop.markers == []) }
      }
    }
  }

  /// The lock is in the database: a load from another spool ends at once while the first one is running.
  @Test func aLoadFromAnotherSpoolEndsWith75() throws {
    try LoadFixture.with(rows: 200, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      let barrier = try Barrier(fixture, after: 3)
      let running = try fixture.start("--jobs", "1")
      try running.wait(until: "three batches are in") {
        try fixture.database.scalar("SELECT count(*) FROM load_batch") == "3"
      }
      let other = try TwoDays()
      for arguments in [other.arguments(.bulk), ["gc"], ["--snapshot", other.second.id.description, "--force"]] {
        expect(
          try other.load(fixture.database.url, arguments), from: "load", fails: 75,
          saying: "another run holds the lock: job run 2, heartbeat ")
      }
      try barrier.open(whileRunning: true)
      #expect(try running.wait().code == 0)
      try fixture.expectAll()
    }
  }
}
