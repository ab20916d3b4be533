import Glibc
import Spool
import TestCluster
import TestSupport
import Testing

/// `pipeline.sh` with the real executables. (Tests/shell tests the script itself, with fake executables that record
/// their arguments.)
@Suite struct ScriptTests {
  @Test func aDryRunLogsNeitherCompletedNorFailed() throws {
    let copy = try ScriptCopy()
    let ended = try copy.run(["dry-run", "--sample", "--chunk-size", "1000", "--json"])
    #expect(ended.code == 0, "\(ended)")
    let document = try JSON(ended.stdout)
    #expect(document["status"]?.string == "partial" && document["stages"]?.keys == ["fetch", "transform"])
    let log = try LogLine.read(ended.stderr)
    #expect(log.all("etl_started").count == 1)
    #expect(Set(log.all("batch_dry_run").map { $0.fields["batch_num"]?.int }) == [1, 2, 3, 4])
    #expect(log.all("etl_completed").isEmpty && log.all("etl_failed").isEmpty)
    #expect(Set(log.map(\.runID)) == [document["run_id"]?.string])
    #expect(try copy.workshop.markers == [])
  }

  @Test func aFailedDryRunLogsNeitherCompletedNorFailed() throws {
    let copy = try ScriptCopy()
    for arguments in [["--source", "missing.csv"], ["--sample", "--max-rejects", "0"]] {
      let ended = try copy.run(["dry-run", "--json"] + arguments)
      #expect(ended.code == (arguments.count == 2 ? 69 : 65), "\(ended)")
      let log = try LogLine.read(ended.stderr)
      #expect(log.all("etl_completed").isEmpty && log.all("etl_failed").isEmpty, "\(ended)")
      #expect(log.last?.fields["level"]?.string == "ERROR", "\(ended)")
      #expect(try JSON(ended.stdout)["status"]?.string == "failed")
    }
  }

  /// Nothing is fetched, and the run is recorded as failed, except at a terminal. (A dry run logs no failure event.)
  @Test func aWrongOptionEndsARunBeforeTheDownload() throws {
    let copy = try ScriptCopy()
    for (arguments, event) in [
      (["run", "--sample", "--keep", "none"], true), (["--sample", "--bogus"], true),
      (["dry-run", "--sample", "--keep", "3"], false), (["rollback", "--accept", "why"], true),
    ] {
      let ended = try copy.run(arguments, ExitCodeTests.nowhere)
      #expect(ended.code == 64 && ended.stdout.isEmpty, "\(ended)")
      let log = try LogLine.read(ended.stderr)
      #expect(log.events == (event ? ["etl_failed"] : []), "\(ended)")
      #expect(log.count == 1 && log.last?.fields["error"]?.string?.contains("--") == true, "\(ended)")
    }
    #expect(try Folder.names(copy.workshop.spool + "/runs").count == 4)
    #expect(try copy.workshop.snapshots.isEmpty && copy.workshop.markers == [])

    try copy.shell(
      #"""
      export DATABASE_URL=postgresql:///x?host=/nonexistent
      for typed in 'run --jobs none' '--sampel' 'dry-run --keep 3'; do
        code=0
        script --quiet --return --command "copy/pipeline.sh $typed" /dev/null </dev/null >out || code=$?
        [ $code = 64 ] && grep -q HINT out
      done
      """#)
    #expect(try Folder.names(copy.workshop.spool + "/runs").count == 4)
    #expect(try copy.workshop.markers == [])
  }

  @Test(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
  func allStagesOfARunShareOneRunID() throws {
    let copy = try ScriptCopy()
    try TestDatabase.with { database in
      let variables = ["DATABASE_URL": database.url]
      let first = try copy.run(["--sample", "--json"], variables)
      #expect(first.code == 0, "\(first)")
      let document = try JSON(first.stdout)
      #expect(document["stages"]?.keys == ["fetch", "transform", "load"])
      let log = try LogLine.read(first.stderr)
      #expect(log.all("etl_started").count == 1 && log.all("etl_completed").count == 1 && log.all("etl_failed").isEmpty)
      #expect(log.last?.event == "etl_completed")
      #expect(Set(log.map(\.runID)) == [document["run_id"]?.string])
      let run = try database.scalar("SELECT run_id FROM etl_job_run")
      #expect(run == document["run_id"]?.string)
      let rows = try database.execute("SELECT count(*) FROM tax_registration").number
      #expect(rows == document["totals"]?["processed"]?.int)

      let failing = try copy.run(["--source", "missing.csv", "--json"], variables)
      #expect(failing.code == 69)
      let events = try LogLine.read(failing.stderr).events
      #expect(events == ["etl_started", "etl_failed"])
      #expect(try copy.workshop.markers == [])
    }
  }
}
