import Foundation
import Logging
import StructuredLogging
import Support
import TestSupport
import Testing

/// The log file that all processes share and that a collector reads.
@Suite struct FileOutputTests {
  private let scratch = ScratchFolder()
  private var stem: String { scratch.path + "/logs/etl.log" }

  private func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/logs")) ?? []).sorted()
      .filter { $0 != "etl.log.lock" }
  }

  private func lines() throws -> [String] {
    try names().flatMap { name in
      let text = try String(contentsOfFile: scratch.path + "/logs/" + name, encoding: .utf8)
      #expect(text.hasSuffix("\n"))
      return text.split(separator: "\n").map(String.init)
    }
  }

  private func record(_ number: Int, _ writer: Int = 0) -> LogRecord {
    LogRecord(
      time: .now(), level: .info, name: "load", message: "line", fields: ["event_id": "\(writer).\(number)"])
  }

  private func ids(_ lines: [String]) throws -> [String] {
    try lines.map { text in
      let line = try LoggedLine(text)
      #expect(line.path == "file")
      return line.eventID
    }
  }

  @Test func theNameIsTheStemAndADate() throws {
    FileOutput(stem: stem).write(record(1))
    let name = #/etl\.log-\d{8}T\d{6}\.\d{3}Z/#
    #expect(names().count == 1 && (try? name.wholeMatch(in: names().first ?? "")) != nil, "\(names())")
    // The next process appends to it.
    FileOutput(stem: stem).write(record(2))
    #expect(names().count == 1)
    #expect(try ids(lines()) == ["0.1", "0.2"])
  }

  @Test func missingFoldersAreCreated() throws {
    let deep = stem + ".d/more/etl.log"
    FileOutput(stem: deep).write(record(1))
    #expect(try FileManager.default.contentsOfDirectory(atPath: stem + ".d/more").contains { $0.hasPrefix("etl.log-") })
  }

  /// Several writers at once, each with its own output like a process.
  @Test func concurrentWritersRotateWithoutLosingLines() throws {
    let (writers, each, bytesMax) = (8, 400, 128 << 10)
    let stem = stem
    Workers.run(writers) { writer in
      let output = FileOutput(stem: stem, bytesMax: bytesMax)
      for number in 0..<each { output.write(record(number, writer)) }
    }
    let names = names()
    #expect((3...5).contains(names.count), "\(names)")
    let ids = try ids(lines())
    #expect(ids.count == writers * each && Set(ids).count == ids.count)
    for writer in 0..<writers {
      #expect(ids.filter { $0.hasPrefix("\(writer).") } == (0..<each).map { "\(writer).\($0)" })
    }
    for name in names.dropLast() {
      let bytes = try Data(contentsOf: URL(filePath: scratch.path + "/logs/" + name)).count
      #expect(
        bytes >= bytesMax && bytes < bytesMax + (1 << 20),
        "a writer that finds the lock held continues in the same file")
    }
  }

  @Test func fiveFilesAreKeptAndNoneIsRenamed() throws {
    let output = FileOutput(stem: stem, bytesMax: 1000)
    var inodes: [String: Int] = [:]
    for number in 0..<200 {
      output.write(record(number))
      let names = names()
      #expect(names.count <= 5)
      for name in names {
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/logs/" + name)
        let inode = try #require(attributes[.systemFileNumber] as? Int)
        #expect(inodes[name, default: inode] == inode)
        inodes[name] = inode
      }
    }
    #expect(inodes.count > 20 && names().count == 5)
    #expect(try ids(lines()).last == "0.199")
  }

  /// If logrotate rotates the files too, its compressed files count as their originals.
  @Test func compressedFilesAreRemovedWithTheirOriginals() throws {
    try FileManager.default.createDirectory(atPath: scratch.path + "/logs", withIntermediateDirectories: true)
    for day in 1...8 {
      for rest in [".1.gz", ".1.gz.1.gz", "-20260109.gz"] {
        try Data("compressed".utf8).write(to: URL(filePath: stem + "-2026010\(day)T020000.000Z\(rest)"))
      }
    }
    let others = ["etl.log-20260101T020000.000Zulu", "etl.log-2026.gz", "other.log-20260101T020000.000Z"]
    for other in others { try Data("not ours".utf8).write(to: URL(filePath: scratch.path + "/logs/" + other)) }
    FileOutput(stem: stem).write(record(1))
    let stamps = Set(names().filter { !others.contains($0) }.map { $0.prefix("etl.log-20260101T020000.000Z".count) })
    #expect(stamps.count == 5, "the open one and the newest four: \(names())")
    #expect(!stamps.contains("etl.log-20260104T020000.000Z") && stamps.contains("etl.log-20260105T020000.000Z"))
    #expect(Set(others).isSubset(of: names()))
  }

  @Test func onlyLogFilesAndTheirCompressedFormsAreRemoved() throws {
    try FileManager.default.createDirectory(atPath: scratch.path + "/logs", withIntermediateDirectories: true)
    let old = "etl.log-20250101T000000.000Z"
    let removed = ["", ".gz", ".1.gz", ".12.gz.1.gz", "-20260109.gz"].map { old + $0 }
    let kept = [
      ".keep", ".1", "-20260109", "-notes.txt", ".gz.keep", ".gz.", ".1.gz2", "-2026.gz", "..gz", ".x.gz", ".tar.gz",
      ".lock",
    ].map { old + $0 }
    for name in removed + kept { try Data("x".utf8).write(to: URL(filePath: scratch.path + "/logs/" + name)) }
    for month in 2...8 { try Data("x".utf8).write(to: URL(filePath: stem + "-20250\(month)01T000000.000Z")) }
    let output = FileOutput(stem: stem, bytesMax: 1000)
    for number in 0..<100 { output.write(record(number)) }
    let left = Set(names())
    #expect(left.isSuperset(of: kept), "removed: \(Set(kept).subtracting(left))")
    #expect(left.isDisjoint(with: removed), "left: \(left.intersection(removed))")
  }

  /// If the clock was set back, the next file must still sort after the last.
  @Test func aNameFromTheFutureIsFollowedByALaterOne() throws {
    try FileManager.default.createDirectory(atPath: scratch.path + "/logs", withIntermediateDirectories: true)
    try Data(count: 2000).write(to: URL(filePath: stem + "-20991231T235959.999Z"))
    try Data("not ours".utf8).write(to: URL(filePath: stem + "-20991399T235959.999Z"))
    FileOutput(stem: stem, bytesMax: 1000).write(record(1))
    #expect(names().contains("etl.log-21000101T000000.000Z"), "\(names())")
  }

  @Test func aLockThatIsNeverReleasedBlocksNoWriter() throws {
    let output = FileOutput(stem: stem, bytesMax: 1000)
    output.write(record(0))
    let lock = open(stem + ".lock", O_RDWR)
    #expect(flock(lock, LOCK_EX) == 0)
    for number in 1..<20 { output.write(record(number)) }
    #expect(names().count == 1, "the file grows beyond its limit")
    close(lock)
    for number in 20..<25 { output.write(record(number)) }
    #expect(names().count > 1)
    #expect(try ids(lines()) == (0..<25).map { "0.\($0)" })
  }

  @Test func aRemovedFileIsCreatedAgain() throws {
    let output = FileOutput(stem: stem)
    output.write(record(1))
    for name in names() { try FileManager.default.removeItem(atPath: scratch.path + "/logs/" + name) }
    output.write(record(2))
    #expect(try ids(lines()) == ["0.2"])
  }
}
