import Spool
import TestCluster
import TestSupport
import Testing

@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct RefusedDayTests {
  @Test("a source that is refused day after day leaves a bounded number of snapshots")
  func refusedDays() throws {
    try TestDatabase.with { database in
      let copy = try ScriptCopy()
      let logs = copy.workshop.scratch.path + "/etl.log"
      func day(_ rows: Int, bad: Int = 0) throws -> Ended {
        let source = copy.workshop.file(Source.plain(rows: rows, bad: bad))
        return try copy.run(
          ["run", "--source", source, "--keep", "2", "--json"], ["DATABASE_URL": database.url, "LOG_FILE": logs])
      }
      #expect(try day(300).code == 0)
      for refused in 1...8 {
        // Load refuses a snapshot that lacks most businesses, transform one with too many rejected records.
        let ended = try refused > 4 ? day(300 + refused, bad: 20) : day(100 + refused)
        #expect(ended.code == 65, "\(ended)")
        #expect(try JSON(ended.stdout)["error"]?["stage"]?.string == (refused > 4 ? "transform" : "load"))
        #expect(try copy.workshop.snapshots.count <= 3)
      }
      // What was removed is logged as lines of the run.
      let lines = try Folder.names(copy.workshop.scratch.path).filter { $0.hasPrefix("etl.log-") }
        .flatMap { try LogLine.read(String(contentsOfFile: copy.workshop.scratch.path + "/" + $0, encoding: .utf8)) }
      let removals = lines.filter { $0.fields["message"]?.string?.hasPrefix("removed ") == true }
      #expect(removals.count >= 6 && Set(removals.map(\.runID)).isSubset(of: Set(lines.all("etl_failed").map(\.runID))))
      // The published one and the newest refused one, which may still be accepted, are among them.
      let newest = try #require(try copy.workshop.snapshots.last)
      #expect(SpoolFile.isThere(newest.transformManifest))
      #expect(try copy.workshop.snapshots.contains { try !Folder.names($0.changesFolder).isEmpty })
      #expect(try day(301).code == 0)
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
