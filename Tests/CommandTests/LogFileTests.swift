import Foundation
import Spool
import TestSupport
import Testing

/// `LOG_FILE` and `LOG_LEVEL`, with the real binaries.
@Suite struct LogFileTests {
  private func lines(_ workshop: CommandSandbox) throws -> [LogLine] {
    let folder = workshop.scratch.path + "/logs"
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      $0.hasPrefix("etl.log-")
    }
    return try names.sorted().flatMap { name in
      try LogLine.read(try String(contentsOfFile: folder + "/" + name, encoding: .utf8))
    }
  }

  private func variables(_ workshop: CommandSandbox, _ more: [String: String] = [:]) -> [String: String] {
    ["LOG_FILE": workshop.scratch.path + "/logs/etl.log"].merging(more) { $1 }
  }

  @Test func theFileHasTheRecordsOfStderr() throws {
    let workshop = CommandSandbox()
    let ended = try workshop.run("fetch", "--sample", variables: variables(workshop, ["LOG_FORMAT": "text,json"]))
    let stderr = ended.stderr.split(separator: "\n").map(String.init)
    let json = stderr.filter { $0.hasPrefix("{") }
    #expect(json.count * 2 == stderr.count && !json.isEmpty, "each record as text and as JSON: \(ended)")
    let file = try lines(workshop).map { $0.fields["event_id"]?.string }
    #expect(try file == json.map { try JSON($0)["event_id"]?.string })
    #expect(try lines(workshop).allSatisfy { $0.fields["path"]?.string == "file" })
  }

  /// Events are for monitoring and are logged at any level; messages for people are not.
  @Test func eventsAreLoggedAtAnyLevel() throws {
    let workshop = CommandSandbox()
    let ended = try workshop.run("fetch", "--sample", variables: variables(workshop, ["LOG_LEVEL": "error"]))
    #expect(ended.stderr == "")
    #expect(try lines(workshop).events == ["etl_started", "etl_completed"])
    #expect(try lines(workshop).count == 2)
  }

  /// A mistyped option, or a health check without a database, is not a failed run.
  @Test(arguments: [
    ["load", "status", "--bogus"], ["load", "changes", "--since", "today"], ["transform", "findings", "--bogus"],
    ["load", "gc", "--keep", "none"], ["load", "status", "--check"],
  ])
  func otherCommandsThanRunsLogNoEvents(_ words: [String]) throws {
    let workshop = CommandSandbox()
    let command = workshop.command(words[0], Array(words.dropFirst()), variables(workshop, ["LOG_FORMAT": "json"]))
    let ended = try command.run()
    #expect(ended.code != 0 && !ended.stderr.contains("etl_failed"), "\(ended)")
    #expect(try lines(workshop).isEmpty)
  }

  @Test func anUnusableLogFileFailsNoRun() throws {
    for place in ["/proc/none/etl.log", "/dev/null/etl.log", "/dev/stdout", "/var/"] {
      let ended = try CommandSandbox().run("fetch", "--sample", variables: ["LOG_FILE": place])
      #expect(ended.code == 0 && ended.stderr.contains("LOG_FILE '\(place)'"), "\(ended)")
      #expect(ended.stderr.split(separator: "\n").filter { $0.contains("LOG_FILE") }.count == 1, "only once: \(ended)")
    }
    #expect(try Folder.names("/dev").allSatisfy { !$0.hasPrefix("stdout-") && !$0.hasPrefix("null-") })
  }

  /// /dev is in memory: files there use up the machine's memory.
  @Test func aLogFileBehindALinkToDevIsRefused() throws {
    let workshop = CommandSandbox()
    let link = workshop.scratch.path + "/devices"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev")
    let place = link + "/registry-test-\(UUID().uuidString)/etl.log"
    let ended = try workshop.run("fetch", "--sample", variables: ["LOG_FILE": place])
    #expect(ended.code == 0 && ended.stderr.contains("LOG_FILE '\(place)'"), "\(ended)")
    #expect(try Folder.names("/dev").allSatisfy { !$0.hasPrefix("registry-test-") })
  }

  /// With a full disk, lines that fit into the open file are still written, and no line is truncated.
  @Test(.enabled(if: SmallDisk.isPossible, "no right to mount a small disk here"))
  func aFullDiskTruncatesNoLine() throws {
    let (workshop, disk) = (CommandSandbox(), try #require(SmallDisk(bytes: 24 << 20)))
    let variables = ["LOG_FILE": disk.path + "/etl.log"]
    try workshop.succeed("fetch", "--sample", variables: variables)
    let first = try #require(names(disk).first)
    // The file has reached its maximum size, and there is no space for another one.
    let handle = try #require(FileHandle(forWritingAtPath: disk.path + "/" + first))
    try handle.seekToEnd()
    let filler = String(repeating: "x", count: 1022) + "\n"
    for _ in 0..<10_300 { try handle.write(contentsOf: Data(filler.utf8)) }
    try handle.close()
    disk.fill(leaving: 0)
    try workshop.succeed("fetch", "--sample", "--force", variables: variables)
    #expect(try names(disk) == [first])
    let lines = try String(contentsOfFile: disk.path + "/" + first, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("{") }
    #expect(lines.count { $0.contains("etl_completed") } == 2)
    for line in lines { _ = try JSON(line) }
    disk.free()
    try workshop.succeed("fetch", "--sample", "--force", variables: variables)
    #expect(try names(disk).count == 2)
  }

  private func names(_ disk: SmallDisk) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: disk.path).filter { $0.hasPrefix("etl.log-") }.sorted()
  }
}
