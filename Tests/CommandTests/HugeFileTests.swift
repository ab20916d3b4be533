import Glibc
import Spool
import TestSupport
import Testing

/// Large hostile files: their cost in lines, time and memory. With HUGE_FILES=1 they are 300 MB, otherwise 20 MB.
@Suite(.serialized) struct HugeFileTests {
  private static let isFull = getenv("HUGE_FILES") != nil
  private static let fileBytes = isFull ? 300_000_000 : 20_000_000
  /// The memory limit of a stage for any file: at most it holds a line of 16 MiB and a chunk of 32 MiB.
  private static let memoryMax = 160 << 20
  /// Generous: a full file takes a few seconds.
  private static let secondsMax = 120

  /// In the first record, in one in the middle, and in the last one.
  @Test func anOpenQuoteCostsOneLine() throws {
    let workshop = CommandSandbox(onDisk: Self.isFull)
    let count = Self.fileBytes / HugeSource.record(1).count
    let broken = [1, count / 2, count]
    let source = HugeSource(workshop.scratch.path + "/source.csv") { write in
      write(HugeSource.header)
      for number in 1...count { write((broken.contains(number) ? [0x22] : []) + HugeSource.record(number)) }
    }
    try measured(workshop, "fetch", "--source", source.path)
    try measured(workshop, "transform")
    let snapshot = try workshop.snapshot()
    let manifest = try #require(try TransformManifest.read(at: snapshot.transformManifest))
    #expect(manifest.totals == Totals(total: count, processed: count - 3, failed: 3, duplicated: 0, blank: 0))
    #expect(manifest.findingCounts == ["MALFORMED_QUOTE": 3])
    var findings: [Finding] = []
    for chunk in 1...manifest.chunks.count {
      let lines = (ScratchFolder.read(snapshot.findings(chunk)) ?? []).split(separator: 10)
      findings += try lines.map { try Finding(line: $0) }
    }
    #expect(findings.map(\.record) == broken && findings.map(\.line) == broken.map { $0 + 1 })
    #expect(findings.map(\.rawBytes) == broken.map { [0x22] + HugeSource.record($0).dropLast() })
  }

  struct Hopeless: CustomTestStringConvertible {
    let line: String
    let says: String
    var testDescription: String { line.debugDescription }
  }

  /// Each of these lines is a structure error. It is only found after reading up to the maximum length of a record, or
  /// in the next line.
  @Test(arguments: [
    Hopeless(line: "x\",\"\n", says: "more than 100000 lines"),
    Hopeless(line: "a,\"b\n", says: "more than 100000 lines"),
    Hopeless(line: "\"a\n", says: "more than 100000 lines"),
    Hopeless(line: "\"\"\"x\n", says: "more than 100000 lines"),
  ])
  func aFileOfStructureErrorsIsRefused(_ hopeless: Hopeless) throws {
    let workshop = CommandSandbox(onDisk: Self.isFull)
    let source = file(of: hopeless.line, bytes: Self.fileBytes, workshop)
    let ended = try measured(workshop, "fetch", "--source", source.path, code: 65)
    expect(ended, from: "fetch", fails: 65, saying: hopeless.says)
    #expect(try workshop.snapshots.allSatisfy { try SpoolFile.size($0.fetchManifest) == nil })
  }

  /// Two of these lines are one record: valid CSV, but not a business.
  @Test func aFileOfInvalidTwoLineRecordsIsRefused() throws {
    let workshop = CommandSandbox(onDisk: Self.isFull)
    // The findings take twenty times as much space.
    let source = file(of: "a,\"\n", bytes: Self.fileBytes / (Self.isFull ? 1 : 10), workshop)
    try measured(workshop, "fetch", "--source", source.path)
    let ended = try measured(workshop, "transform", code: 65)
    expect(ended, from: "transform", fails: 65, saying: "not one of its")
  }

  @Test(arguments: ["x", "\"", "", "20000003,", "20000003,\""])
  func anEndlessLineIsRefusedWithinTheBound(_ start: String) throws {
    let workshop = CommandSandbox()
    let source = HugeSource(workshop.scratch.path + "/source.csv") { write in
      write(HugeSource.header + Array(start.utf8))
      for _ in 0..<17 { write([UInt8](repeating: 0x61, count: 1 << 20)) }
    }
    source.lengthen(to: 3_000_000_000)
    let ended = try measured(workshop, "fetch", "--source", source.path, code: 65)
    expect(ended, from: "fetch", fails: 65, saying: "does not end within 16 MiB")
  }

  /// The bound itself is accepted, one more error is not.
  @Test(arguments: [100_000, 100_001])
  func atMost100000StructureErrorsAreAccepted(_ errors: Int) throws {
    let workshop = CommandSandbox(onDisk: Self.isFull)
    // The first line costs 64 KiB to find, the second is found at its fourth byte.
    let line = Array((Self.isFull ? "x\",\"\n" : "\"a\"b\n").utf8)
    let good = 100
    let source = HugeSource(workshop.scratch.path + "/source.csv") { write in
      write(HugeSource.header)
      for _ in 0..<errors { write(line) }
      for number in 1...good { write(HugeSource.record(number)) }
    }
    guard errors == 100_000 else {
      let ended = try measured(workshop, "fetch", "--source", source.path, code: 65)
      return expect(ended, from: "fetch", fails: 65, saying: "more than 100000 lines")
    }
    try measured(workshop, "fetch", "--source", source.path)
    try measured(workshop, "transform", "--max-rejects", "100%")
    let manifest = try #require(try TransformManifest.read(at: workshop.snapshot().transformManifest))
    #expect(
      manifest.totals == Totals(total: errors + good, processed: good, failed: errors, duplicated: 0, blank: 0))
    #expect(manifest.findingCounts == ["MALFORMED_QUOTE": errors])
  }

  private func file(of line: String, bytes: Int, _ workshop: CommandSandbox) -> HugeSource {
    let block = Array(repeating: Array(line.utf8), count: 10_000).flatMap { $0 }
    return HugeSource(workshop.scratch.path + "/source.csv") { write in
      write(HugeSource.header)
      for _ in 0...bytes / block.count { write(block) }
    }
  }

  @discardableResult
  private func measured(
    _ workshop: CommandSandbox, _ stage: String, _ arguments: String..., code: Int32 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Ended {
    let running = try workshop.command(stage, arguments, ["JOBS": "2"]).start()
    let ended = try running.wait(seconds: Self.secondsMax, lookingEvery: 1)
    let peak = ended.peakBytes
    try #require(ended.code == code, "\(ended)", sourceLocation: sourceLocation)
    #expect((1...Self.memoryMax).contains(peak), "\(stage) took \(peak) bytes", sourceLocation: sourceLocation)
    if Self.isFull { print("\(stage) \(arguments): \(peak >> 20) MiB") }
    return ended
  }
}
