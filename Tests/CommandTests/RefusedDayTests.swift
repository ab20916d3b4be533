import Spool
import TestCluster
import TestSupport
import Testing

@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct RefusedDayTests {
  @Test("a source that is refused day after day leaves a bounded number of snapshots")
  func refusedDays() throws {
    try TestDatabase.with { database in
      let workshop = CommandSandbox()
      func day(_ rows: Int, _ options: String...) throws -> [Ended] {
        let source = workshop.file(Source.plain(rows: rows))
        return try ["fetch", "transform", "load"].map { stage in
          let arguments = ["run", "--source", source, "--keep", "2", "--database-url", database.url] + options
          return try Command(
            program: Command.path(of: stage),
            arguments: [arguments[0], "--spool", workshop.spool] + arguments.dropFirst(),
            environment: workshop.environment, folder: workshop.scratch.path
          ).run()
        }
      }
      #expect(try day(300).map(\.code) == [0, 0, 0])
      for refused in 1...6 {
        let ended = try day(100 + refused)
        #expect(ended.map(\.code) == [0, 0, 65], "\(ended)")
        #expect(try workshop.snapshots.count <= 3)
      }
      // The published one and the newest refused one, which may still be accepted, are among them.
      let newest = try #require(try workshop.snapshots.last)
      #expect(SpoolFile.isThere(newest.transformManifest))
      #expect(try workshop.snapshots.contains { try !Folder.names($0.changesFolder).isEmpty })
      #expect(try day(301).map(\.code) == [0, 0, 0])
    }
  }

  @Test("hints say that DATABASE_URL was given, unless the same command sets it again")
  func hintsNameTheDatabase() throws {
    try TestDatabase.with { database in
      let workshop = CommandSandbox()
      let note = "\nHINT: load one first: ./pipeline.sh load (with the same DATABASE_URL)\n"
      var variables = ["DATABASE_URL": database.url]
      let typed = try Command(
        program: Command.path(of: "load"), arguments: ["changes"],
        environment: workshop.environment.merging(variables) { $1 },
        folder: workshop.scratch.path
      ).run()
      #expect(typed.code == 66 && typed.stderr.contains(note), "\(typed)")
      variables["DATABASE_ORIGIN"] = "private"
      let again = try Command(
        program: Command.path(of: "load"), arguments: ["changes"],
        environment: workshop.environment.merging(variables) { $1 },
        folder: workshop.scratch.path
      ).run()
      #expect(again.stderr.contains("\nHINT: load one first: ./pipeline.sh load\n"), "\(again)")
    }
  }
}
