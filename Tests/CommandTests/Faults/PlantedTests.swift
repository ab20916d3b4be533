import Glibc
import Spool
import TestCluster
import TestSupport
import Testing

/// A spool that was changed after the stages: read-only, or with symbolic links.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct PlantedTests {
  /// Symbolic links in place of a snapshot's folders are not followed: their targets are not read, written or removed.
  @Test(arguments: ["fetch", "transform", "changes"])
  func aFolderThatIsALinkIsNotFollowed(_ name: String) throws {
    try TestDatabase.with { database in
      let days = try TwoDays()
      for way in [Way.bulk, .reconcile] { try days.succeed(database.url, days.arguments(way)) }
      let elsewhere = days.workshop.scratch.path + "/elsewhere"
      let place = days.first.path + "/" + name
      rename(place, elsewhere)
      symlink(elsewhere, place)
      let before = try files(elsewhere)
      let nodes = try inodes(elsewhere)
      let first = days.first.id.description
      for (stage, arguments) in [
        ("transform", ["--snapshot", first, "--max-rejects", "100%"]),
        ("transform", ["--snapshot", first, "--max-rejects", "100%", "--force"]),
        ("transform", ["findings", "--snapshot", first]), ("load", ["--snapshot", first]), ("load", ["rollback"]),
      ] {
        let ended = try days.workshop.command(
          stage, arguments, ["DATABASE_URL": database.url, "MAX_REJECTS": "100%"]
        ).run()
        #expect(ended.code == 65 && ended.stderr.contains("'\(place)' is a symbolic link"), "\(arguments): \(ended)")
        #expect(ended.stderr.contains("HINT: "), "\(ended)")
      }
      let status = try days.succeed(database.url, ["status"])
      #expect(name == "changes" || status.stdout.contains("is a symbolic link"), "\(status)")
      try expectHoldings(database.url, after: .reconcile)

      // A clean-up that removes or strips the snapshot.
      _ = try days.load(database.url, ["gc", "--keep", "1"])
      try Folder.remove(days.first.path)
      #expect(try files(elsewhere) == before && inodes(elsewhere) == nodes)
    }
  }

  /// Regression test: a clean-up that strips a snapshot followed the link and removed its target.
  @Test func aCleanUpNeverRemovesTheTargetOfALink() throws {
    try Days.with { days in
      var snapshots: [SnapshotFolder] = []
      for day in 1...4 {
        snapshots.append(try days.fetch(Days.records(100 + day), day: day))
        try days.succeed()
      }
      let elsewhere = days.workshop.scratch.path + "/elsewhere"
      rename(snapshots[1].transformFolder, elsewhere)
      symlink(elsewhere, snapshots[1].transformFolder)
      let before = try files(elsewhere)
      let ended = try days.load("gc", "--keep", "3")
      #expect(ended.code == 65 && ended.stderr.contains("is a symbolic link"), "\(ended)")
      #expect(try files(elsewhere) == before && !before.isEmpty)
      unlink(snapshots[1].transformFolder)
      try days.succeed("gc", "--keep", "3")
      #expect(try files(elsewhere) == before)
    }
  }

  /// A read-only spool can be loaded from; files that cannot be written into it are reported.
  @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
  func aReadOnlySpoolCanBeLoadedFrom() throws {
    try TestDatabase.with { database in
      let disk = try #require(SmallDisk(bytes: 16 << 20))
      var days = try TwoDays()
      try Files.copy(days.workshop.spool, to: disk.path + "/spool")
      days.move(to: disk.path + "/spool")
      try #require(disk.makeReadOnly(true))
      for way in Way.allCases {
        let ended = try days.load(database.url, days.arguments(way))
        #expect(ended.code == 0 && ended.stderr.contains("read-only file system"), "\(ended)")
        try expectHoldings(database.url, after: way)
      }
      let second = days.second.id.description
      #expect(try days.load(database.url, ["status"]).code == 0)
      #expect(try days.load(database.url, ["changes"]).code == 0)
      #expect(try days.workshop.run("transform", "findings").code == 0)
      #expect(try days.workshop.run("transform", "--snapshot", second, "--max-rejects", "100%").code == 0)
      for (stage, arguments) in [
        ("fetch", ["--source", days.source, "--force"]), ("transform", ["--force"]), ("load", ["gc", "--keep", "1"]),
      ] {
        let ended = try days.workshop.command(stage, arguments, ["DATABASE_URL": database.url]).run()
        // A clean-up has nothing to remove: both snapshots are wanted.
        #expect(ended.code == (arguments[0] == "gc" ? 0 : 74), "\(stage): \(ended)")
        #expect(arguments[0] == "gc" || ended.stderr.contains("read-only file system"), "\(stage): \(ended)")
      }
      try #require(disk.makeReadOnly(false))
      try days.succeed(database.url, days.arguments(.rollback))
      #expect(try manifests(days.first.changesFolder) == 2 && manifests(days.second.changesFolder) == 1)
    }
  }
}
