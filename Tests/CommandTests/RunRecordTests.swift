import CommandKit
import Foundation
import Glibc
import Spool
import TestSupport
import Testing

/// `spool/runs/<run id>.json`: the summary of every run, also of failed and killed ones.
@Suite struct RunRecordTests {
  @Test func theRecordOfARunIsThePrintedSummary() throws {
    let workshop = CommandSandbox()
    let fetch = try workshop.run("fetch", "--sample", "--json")
    let record = try record(workshop)
    #expect(record == (try JSON(fetch.stdout)))
    #expect(record["command"]?.string == "fetch" && record["origin"]?.string == "shell")
    #expect(record["exit_code"]?.int == 0)
    let (start, end) = (record["started_at"]?.string ?? "", record["ended_at"]?.string ?? "")
    #expect(start.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil && start <= end)
  }

  @Test func failuresAreRecordedWithTheirCode() throws {
    let workshop = CommandSandbox()
    let missing = try workshop.run(
      "fetch", "--source", "missing.csv", variables: ["RUN_ORIGIN": "schedule"])
    #expect(missing.code == 69)
    let record = try record(workshop)
    #expect(record["exit_code"]?.int == 69 && record["status"]?.string == "failed")
    #expect(record["origin"]?.string == "schedule")
    #expect(record["error"]?["message"]?.string?.contains("missing.csv") == true)
  }

  /// Wrong usage is found before the stage knows its spool.
  @Test func wrongUsageInAChainIsRecorded() throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    #expect(try workshop.run("transform", "--bogus", variables: run.variables).code == 64)
    let record = try record(workshop)
    #expect(record["run_id"]?.string == run.id && record["command"]?.string == "run")
    #expect(record["exit_code"]?.int == 64 && record["error"]?["stage"]?.string == "transform")
  }

  /// A run in progress is listed as running, with the results of its stages so far. Once it is killed, the next run
  /// completes its record.
  @Test func theNextRunCompletesTheRecordOfAKilledOne() throws {
    let workshop = CommandSandbox()
    var run: Run? = Run(workshop)
    let variables = try #require(run).variables
    try workshop.succeed("fetch", "run", "--sample", variables: variables)
    let alive = try #require(try RunRecords.list(spool: workshop.spool).first)
    #expect(alive.status == .running && alive.endedAt == nil && alive.stages["fetch"] != nil)
    #expect(alive.command == "run")

    run = nil  // its lock is free
    let dead = try #require(try RunRecords.list(spool: workshop.spool).first)
    #expect(dead.status == .failed && dead.exitCode == nil)
    try workshop.succeed("transform")
    let records = try RunRecords.list(spool: workshop.spool)
    #expect(records.map(\.command) == ["transform", "run"])
    let killed = try #require(records.last)
    #expect(killed.status == .failed && killed.exitCode == nil && killed.endedAt != nil)
    #expect(killed.error?.stage == "transform" && killed.error?.message == "killed before it ended")
    #expect(killed.stages.keys.sorted() == ["fetch"] && killed.snapshot != nil)
    #expect(try workshop.markers.isEmpty)
  }

  /// Users may keep files of their own beside the records.
  @Test func retentionRemovesOnlyRecords() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let old = try record(workshop)
    let folder = workshop.spool + "/runs/"
    for number in 0..<450 {
      let file = workshop.file("{\"mine\":1}", "spool/runs/mine-\(number).json")
      var times = [timeval(tv_sec: 1_600_000_000, tv_usec: 0), timeval(tv_sec: 1_600_000_000, tv_usec: 0)]
      utimes(file, &times)
    }
    try workshop.succeed("fetch", "--sample")
    let names = try Folder.names(folder)
    #expect(names.count { $0.hasPrefix("mine-") } == 450)
    #expect(names.contains((old["run_id"]?.string ?? "") + ".json"))
  }

  /// A umask may deny rights to the owner; the stages' own folders stay accessible for the owner.
  @Test(arguments: ["0177", "0777"]) func aUmaskThatDeniesTheOwnerIsOverridden(_ mask: String) throws {
    let workshop = CommandSandbox()
    let script = workshop.scratch.write(Array("#!/bin/sh\numask \(mask)\nexec \"$@\"\n".utf8), to: "masked")
    chmod(script, 0o755)
    let fetch = workshop.command("fetch", ["--sample"])
    let masked = Command(
      program: script, arguments: [fetch.program] + fetch.arguments, environment: fetch.environment,
      folder: fetch.folder)
    #expect(try masked.run().code == 0)
    for path in try FileManager.default.subpathsOfDirectory(atPath: workshop.spool) {
      var status = stat()
      #expect(stat(workshop.spool + "/" + path, &status) == 0)
      #expect(status.st_mode & 0o600 == 0o600 && status.st_mode & 0o077 == 0, "\(path)")
    }
  }

  /// `pipeline.sh` reports runs that end outside their stages.
  @Test(arguments: [(75, true), (78, false), (137, false), (143, true)])
  func anEndOutsideTheStagesIsRecordedAndLogged(code: Int, isTemporary: Bool) throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    for command in ["run", "dry-run"] {
      let ended = try logEnd(workshop, run, code: code, command: command)
      #expect(ended.code == 0, "\(ended)")
      let line = try #require(try LogLine.read(ended.stderr).last)
      #expect(line.fields["level"]?.string == "ERROR" && line.fields["error"]?.string == "it is broken")
      #expect(line.event == (command == "run" ? "etl_failed" : nil))
      guard command == "run" else { continue }
      #expect(line.fields["exit_code"]?.int == code && line.fields["temporary"] == .bool(isTemporary), "\(ended)")
      #expect(line.fields["status"]?.string == "failed" && line.runID == run.id)
      #expect(try record(workshop)["exit_code"]?.int == code)
    }
  }

  /// The failure event does not depend on the disk.
  @Test func anEndThatCannotBeRecordedIsStillLogged() throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    _ = workshop.file("", "spool/runs")
    let ended = try logEnd(workshop, run, code: 74, command: "run")
    #expect(ended.code == 74, "\(ended)")
    #expect(try LogLine.read(ended.stderr).events == ["etl_failed"], "\(ended)")
  }

  private func logEnd(_ workshop: CommandSandbox, _ run: Run, code: Int, command: String) throws -> Ended {
    let load = workshop.command("load", [])
    let script = """
      printf '%s\\n' 'it is broken' 'see there' | \
      '\(load.program)' log --level error --name pipeline.sh --exit-code \(code) --spool '\(workshop.spool)'
      """
    let variables = run.variables.merging(["RUN_COMMAND": command]) { $1 }
    return try Command(
      program: "/bin/sh", arguments: ["-c", script], environment: load.environment.merging(variables) { $1 },
      folder: load.folder
    ).run()
  }

  /// A run that was killed after it recorded its end did not fail. A run whose record was completed by another run is
  /// still reported.
  @Test(arguments: [true, false]) func aRunThatRecordedItsEndIsNotReportedAsKilled(hasEnded: Bool) throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let name = try #require(try Folder.names(workshop.spool + "/runs").first)
    let id = String(name.dropLast(5))
    let path = workshop.spool + "/runs/" + name
    if !hasEnded {
      let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
      _ = workshop.file(text.replacing(#""exit_code" : 0"#, with: #""exit_code" : null"#), "spool/runs/" + name)
    }
    let before = ScratchFolder.read(path)
    _ = workshop.file("fetch 1 shell 2026-09-01T00:00:00.000Z\n", "spool/.runs/" + id)
    let next = try workshop.succeed("transform", variables: LogTests.json)
    let failures = try LogLine.read(next.stderr).all("etl_failed")
    #expect(failures.map(\.runID) == (hasEnded ? [] : [id]), "\(next)")
    #expect(ScratchFolder.read(path) == before)
    #expect(try workshop.markers == [])
  }

  /// Temporary files of killed processes; a younger one may still be in use.
  @Test func temporaryFilesOlderThanADayAreRemoved() throws {
    let workshop = CommandSandbox()
    try Folder.make(workshop.spool)
    try Folder.make(workshop.spool + "/runs")
    let day = 24 * 3600
    for (name, age) in [(".old.json.tmp", day + 60), (".7e570000", day + 60), (".new.json.tmp", day - 600)] {
      let path = workshop.file("{", "spool/runs/" + name)
      var times = [timespec(tv_sec: time(nil) - age, tv_nsec: 0), timespec(tv_sec: time(nil) - age, tv_nsec: 0)]
      #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    }
    try workshop.succeed("fetch", "--sample")
    let names = try Folder.names(workshop.spool + "/runs")
    #expect(names.filter { $0.hasPrefix(".") } == [".new.json.tmp"] && names.count == 2, "\(names)")
  }

  @Test func theNewest400AreKept() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let first = try #require(try Folder.names(workshop.spool + "/runs").first)
    let text = String(decoding: ScratchFolder.read(workshop.spool + "/runs/" + first) ?? [], as: UTF8.self)
    unlink(workshop.spool + "/runs/" + first)
    for number in 0..<405 {
      let path = workshop.file(text.replacing(first.dropLast(5), with: "\(number)"), "spool/runs/\(number).json")
      var times = [timespec(tv_sec: 1000 + number, tv_nsec: 0), timespec(tv_sec: 1000 + number, tv_nsec: 0)]
      #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    }
    try workshop.succeed("fetch", "--sample")
    let names = try Folder.names(workshop.spool + "/runs")
    #expect(names.count == 400)
    #expect(!names.contains("5.json") && names.contains("6.json") && names.contains("404.json"))
  }

  /// With other files among the markers, runs are still listed and killed ones completed.
  @Test func otherFilesAmongTheMarkersHideNoRun() throws {
    let workshop = CommandSandbox()
    var run: Run? = Run(workshop)
    let variables = try #require(run).variables
    try workshop.succeed("fetch", "run", "--sample", variables: variables)
    run = nil
    let markers = workshop.spool + "/.runs/"
    #expect(mkdir(markers + "0", 0o700) == 0 && mkfifo(markers + "1", 0o600) == 0)
    #expect(symlink("/etc/passwd", markers + "2") == 0)
    _ = workshop.scratch.write([UInt8](repeating: 65, count: 5000), to: "spool/.runs/3")
    // A marker whose record cannot be written.
    _ = workshop.scratch.write(Array("run 1\n".utf8), to: "spool/.runs/4")
    #expect(mkdir(workshop.spool + "/runs/4.json", 0o700) == 0)

    let list = try workshop.run("load", "runs")
    #expect(list.code == 0 && list.stdout.contains("killed"), "\(list)")
    try workshop.succeed("transform")
    let killed = try #require(try RunRecords.list(spool: workshop.spool).last)
    #expect(killed.command == "run" && killed.endedAt != nil && killed.status == .failed)
  }

  /// Earlier versions wrote only the command and the process ID.
  @Test func aMarkerWithoutAStartTimeCountsFromItsFileTime() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let marker = workshop.scratch.write(Array("run 1\n".utf8), to: "spool/.runs/old")
    var times = [timespec(tv_sec: 1_788_220_800, tv_nsec: 0), timespec(tv_sec: 1_788_220_800, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, marker, &times, 0) == 0)
    try workshop.succeed("transform")
    let killed = try #require(try RunRecords.list(spool: workshop.spool).first { $0.runID == "old" })
    #expect(killed.startedAt?.hasPrefix("2026-09-01T00:00:00") == true, "\(killed)")
  }

  /// If the disk was full at the end of a run, the results that its stages wrote before do not make it a success.
  @Test func aRunWithoutARecordedEndIsFailed() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let name = try #require(try Folder.names(workshop.spool + "/runs").first)
    let path = workshop.spool + "/runs/" + name
    let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    let open = text.replacing(/"ended_at" : "[^"]*"/, with: "\"ended_at\" : null")
    _ = workshop.scratch.write(Array(open.utf8), to: "spool/runs/" + name)
    let run = try #require(try RunRecords.list(spool: workshop.spool).first)
    #expect(run.status == .failed && run.endedAt != nil && run.error != nil)
  }

  /// A stage fails before it can read the record of the earlier stages.
  @Test func aRunWhoseRecordIsDamagedIsNotReportedAsKilled() throws {
    let workshop = CommandSandbox()
    let variables = Run(workshop).variables
    try workshop.succeed("fetch", "run", "--sample", variables: variables)
    _ = workshop.scratch.write(Array("{".utf8), to: "spool/runs/\(variables["RUN_ID"] ?? "").json")
    #expect(try workshop.run("transform", "run", variables: variables).code == 65)
    #expect(try workshop.markers == [])
    #expect(try RunRecords.list(spool: workshop.spool).map(\.exitCode) == [65])
  }

  @Test func aFileThatIsNoMarkerIsLeftAlone() throws {
    let workshop = CommandSandbox()
    let file = workshop.file("mine", "precious")
    try workshop.succeed("fetch", "--sample", variables: ["RUN_ID": "abc", "RUN_MARKER": file])
    #expect(ScratchFolder.read(file) != nil)
    #expect(try RunRecords.list(spool: workshop.spool).count == 1)
  }

  @Test func runsAreListedAsTextAndJSON() throws {
    let workshop = CommandSandbox()
    let list = { (arguments: String...) in
      try workshop.command("load", ["runs"] + arguments).run()
    }
    #expect(try list().stdout == "no run yet\n")
    #expect(try list("--json").stdout == "[]\n")
    try workshop.succeed("fetch", "--sample")
    _ = try workshop.run("transform", "--max-rejects", "0")
    _ = workshop.scratch.write(Array("{".utf8), to: "spool/runs/damaged.json")
    let table = try list()
    let lines = table.stdout.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(lines.count == 3 && lines[0].first == "started", "\(table)")
    #expect(lines[1].dropFirst().prefix(4) == ["shell", "transform", "failed", "65"], "\(table)")
    #expect(lines[2].dropFirst().prefix(4) == ["shell", "fetch", "success", "0"], "\(table)")
    #expect(table.stderr.contains("damaged.json' does not describe run damaged"))
    let copy = try #require(try Folder.names(workshop.spool + "/runs").first { $0 != "damaged.json" })
    let record = try #require(ScratchFolder.read(workshop.spool + "/runs/" + copy))
    _ = workshop.scratch.write(record, to: "spool/runs/copy.json")
    #expect(try list().stdout == table.stdout, "a copy of a record is not another run")
    let documents = try #require(try JSON(list("--json").stdout).array)
    #expect(documents.map { $0["command"]?.string } == ["transform", "fetch"])
    #expect(try JSON(list("--json", "--limit", "1").stdout).array?.count == 1)
  }

  private func record(_ workshop: CommandSandbox, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSON {
    let names = try Folder.names(workshop.spool + "/runs")
    try #require(names.count == 1, "\(names)", sourceLocation: sourceLocation)
    let bytes = try #require(ScratchFolder.read(workshop.spool + "/runs/" + names[0]), sourceLocation: sourceLocation)
    return try JSON(String(decoding: bytes, as: UTF8.self))
  }
}
