import Glibc
import Spool
import TestCluster
import TestSupport
import Testing

/// `load gc` and `load --keep`, on snapshots of the real stages.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct CleanupCommandTests {
  /// Fetches, transforms and loads `count` days.
  private func load(_ days: Days, _ count: Int) throws -> [SnapshotFolder] {
    try (1...count).map { day in
      let snapshot = try days.fetch(Days.records(100 + day), day: day)
      try days.succeed()
      return snapshot
    }
  }

  private func names(_ parts: JSON?) -> [String]? { parts?.array?.map { $0["snapshot"]?.string ?? "" } }

  @Test func transformRestoresAStrippedSnapshotByteForByte() throws {
    try Days.with { days in
      let snapshots = try load(days, 5)
      let before = try snapshots.map { try files($0.path) }
      let ended = try days.succeed("gc", "--keep", "4", "--json")
      let freed = try JSON(ended.stdout)
      #expect(names(freed["removed"]) == [snapshots[0].id.description], "\(ended)")
      #expect(names(freed["stripped"]) == snapshots[1...2].map(\.id.description), "\(ended)")
      #expect(freed["in_use"] == .array([]) && freed["findings"]?.int == 0 && freed["changes"]?.int == 0, "\(ended)")
      #expect(freed["removed"]?.array?.first?["bytes"]?.int ?? 0 > 1000)
      #expect(try transformed(snapshots[1]).isEmpty && transformed(snapshots[2]).isEmpty)
      #expect(try files(snapshots[3].path) == before[3] && files(snapshots[4].path) == before[4])

      for index in 1...2 {
        expect(
          try days.load("rollback", snapshots[index].id.description), from: "load", fails: 66,
          saying: "is not transformed")
        try days.workshop.succeed("transform", "--snapshot", snapshots[index].id.description, "--max-rejects", "100%")
        #expect(try files(snapshots[index].path) == before[index])
      }
      try days.succeed("rollback", snapshots[1].id.description)
      #expect(try days.names().count == 102)
    }
  }

  @Test func theTextOutputListsEachSnapshot() throws {
    try Days.with { days in
      let snapshots = try load(days, 4)
      let ended = try snapshots[0].use { try days.succeed("gc", variables: ["KEEP": "3"]) }
      let lines = ended.stdout.split(separator: "\n")
      #expect(lines.count == 3 && ended.stderr.isEmpty, "\(ended)")
      let begins = ["stripped   \(snapshots[1].id): ", "in use     \(snapshots[0].id): ", "freed      "]
      for (line, begin) in zip(lines, begins) { #expect(line.hasPrefix(begin), "\(ended)") }
      #expect(ended.stdout.hasSuffix(" KiB\n"), "\(ended)")
      #expect(try days.succeed("gc", "--keep", "3").stdout.contains("removed    \(snapshots[0].id), "))
      #expect(try days.succeed("gc", "--keep", "3").stdout == "freed      0 KiB\n")
    }
  }

  @Test func aLoadWithKeepEndsWithACleanUp() throws {
    try Days.with { days in
      let snapshots = try load(days, 3)
      let untouched = try days.succeed("--json")
      #expect(try JSON(untouched.stdout)["freed_bytes"] == nil)
      #expect(try days.workshop.snapshots.count == 3)
      // Also if there is nothing to load. The previous snapshot is kept for a rollback.
      let ended = try days.succeed("--keep", "1", "--json")
      let document = try JSON(ended.stdout)
      #expect(document["status"]?.string == "unchanged" && document["freed_bytes"]?.int ?? 0 > 1000, "\(ended)")
      #expect(ended.stderr.contains("removed    \(snapshots[0].id), "), "\(ended)")
      #expect(try days.workshop.snapshots.map(\.id) == snapshots[1...].map(\.id))
      try days.succeed("rollback")
      #expect(try days.names().count == 102)
      // A refused load frees nothing.
      try days.fetch(Days.records(10), day: 4)
      #expect(try days.load("--keep", "1").code == 65)
      #expect(try days.workshop.snapshots.count == 3)
    }
  }

  /// After a kill between any two files, the next clean-up completes the interrupted one.
  @Test func theNextCleanUpCompletesAKilledOne() throws {
    try Days.with { days in
      let snapshots = try load(days, 4)
      let before = try files(snapshots[3].path)
      let running = try days.workshop.command("load", ["gc", "--keep", "1"], days.variables).start()
      try? running.wait(until: "the first manifest is gone") { try SpoolFile.size(snapshots[0].fetchManifest) == nil }
      running.kill(SIGKILL)
      _ = try running.wait()
      // The session of the killed process may hold the lock for a moment.
      var next = try days.load("gc", "--keep", "1")
      for _ in 1...100 where next.code == 75 { next = try days.load("gc", "--keep", "1") }
      #expect(next.code == 0, "\(next)")
      #expect(try days.workshop.snapshots.map(\.id) == snapshots[2...].map(\.id))
      #expect(try files(snapshots[3].path) == before)
      #expect(try JSON(try days.succeed("--json").stdout)["status"]?.string == "unchanged")
    }
  }

  @Test func itWorksWithoutADatabaseAndRefusesWrongValues() throws {
    let workshop = CommandSandbox()
    for day in 1...2 {
      try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 10 + day)))
      try workshop.succeed("transform")
    }
    expect(try workshop.run("load", "gc"), from: "load", fails: 64, saying: "no database is given")
    for (arguments, text) in [
      (["--keep", "0"], "--keep '0'"), (["--keep", "all"], "--keep 'all'"),
      (["--retain-days", "0"], "--retain-days '0'"),
      (["--bogus"], "--bogus"),
    ] {
      let ended = try workshop.command("load", ["gc", "--without-database"] + arguments).run()
      expect(ended, from: "load", fails: 64, saying: text)
    }
    expect(
      try workshop.run("load", "gc", "--without-database", variables: ["KEEP": "some"]), from: "load", fails: 64,
      saying: "KEEP 'some'")
    #expect(try workshop.snapshots.count == 2)
    try workshop.succeed("load", "gc", "--without-database", "--keep", "1")
    #expect(try workshop.snapshots.count == 1)
  }

  @Test func duringALoadItIs75() throws {
    try LoadFixture.with(rows: 200, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      let barrier = try Barrier(fixture, after: 3)
      let running = try fixture.start("--jobs", "1")
      try running.wait(until: "3 batches are in") {
        try fixture.database.scalar("SELECT count(*) FROM load_batch") == "3"
      }
      let ended = try fixture.workshop.run(
        "load", "gc", "--keep", "1", variables: ["DATABASE_URL": fixture.database.url])
      expect(ended, from: "load", fails: 75, saying: "another run holds the lock")
      running.kill(SIGTERM)
      _ = try running.wait()
      try barrier.open()
    }
  }
}
