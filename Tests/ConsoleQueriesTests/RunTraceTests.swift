import ConsoleQueries
import Foundation
import SeededRandom
import Testing

@Suite("Run progress from log lines")
struct RunTraceTests {
  private static let stages = ["fetch", "transform", "load"]

  /// Returns a log line as stages write it, `second` seconds after 2026-11-25 14:00:00.5 UTC.
  private static func line(_ second: Int, _ name: String, _ message: String, _ more: String = "") -> String {
    let clock = "14:0\(second / 60):\(second % 60 < 10 ? "0" : "")\(second % 60)"
    return
      #"{"timestamp":"2026-11-25T\#(clock).500+0000","level":"INFO","name":"\#(name)","message":"\#(message)"\#(more)}"#
      + "\n"
  }

  private static func batch(_ second: Int, _ event: String, _ number: Int, of total: Int) -> String {
    line(
      second, "load", "batch \(number) of \(total)\(event == "batch_completed" ? ": loaded" : "")",
      #","event":"\#(event)","batch_num":\#(number),"raw_count":50,"job_run_id":7"#)
  }

  private static let start = 1_795_615_200.5

  private static let fetched =
    line(0, "fetch", "run r begins with fetch", #","event":"etl_started""#)
    + line(4, "fetch", "snapshot S-1: 9000 records in 5 chunks")

  private func states(_ trace: RunTrace) -> [String] { trace.stages.map(\.state.rawValue) }

  @Test("stages follow one another, including a stage without log lines")
  func stages() {
    #expect(states(RunTrace(log: "", stages: Self.stages, now: Self.start)) == ["waiting", "waiting", "waiting"])
    let first = RunTrace(
      log: Self.line(0, "fetch", "run r begins with fetch"), stages: Self.stages, now: Self.start + 3)
    #expect(states(first) == ["running", "waiting", "waiting"])
    #expect(first.stages.map(\.seconds) == [3, nil, nil])
    let downloading = RunTrace(
      log: Self.line(0, "fetch", "run r begins with fetch")
        + Self.line(1, "fetch", "snapshot S-0 was begun from another source: it is not resumed"),
      stages: Self.stages, now: Self.start + 3)
    #expect(downloading.stages == first.stages)
    let second = RunTrace(log: Self.fetched, stages: Self.stages, now: Self.start + 6)
    #expect(states(second) == ["done", "running", "waiting"])
    #expect(second.stages.map(\.seconds) == [4, 2, nil])
    let third = Self.fetched + Self.line(9, "load", "reading the registry")
    let trace = RunTrace(log: third, stages: Self.stages, now: Self.start + 20)
    #expect(states(trace) == ["done", "done", "running"])
    #expect(trace.stages.map(\.seconds) == [4, 5, 11])
    let spoken = RunTrace(
      log: Self.fetched + Self.line(6, "transform", "chunk 1") + Self.line(7, "transform", "chunk 2")
        + Self.line(9, "load", "publishing"),
      stages: Self.stages, now: Self.start + 20)
    #expect(spoken.stages == trace.stages)
    let over = RunTrace(
      log: third + Self.line(12, "load", "run r ended: success"), stages: Self.stages, now: nil)
    #expect(states(over) == ["done", "done", "done"] && over.stages.map(\.seconds) == [4, 5, 3])
  }

  @Test("a failed stage is shown as failed, and the stages after it as waiting")
  func failure() {
    let failed = Self.line(1, "fetch", "fetch failed: no connection", #","event":"etl_failed""#)
    let trace = RunTrace(
      log: Self.line(0, "fetch", "run r begins with fetch") + failed, stages: Self.stages, now: nil)
    #expect(states(trace) == ["failed", "waiting", "waiting"])
    let alone = RunTrace(log: Self.line(0, "load", "run r begins with load"), stages: ["load"], now: Self.start + 1)
    #expect(states(alone) == ["running"] && alone.stages.map(\.seconds) == [1])
  }

  @Test("each batch is counted once, in any order")
  func batches() throws {
    var random = SeededRandom()
    let total = 5 + random.below(20)
    let done = (1...total).shuffled(using: &random).prefix(random.below(total))
    var log = Self.fetched + Self.batch(9, "batch_started", 1, of: total)
    for number in done { log += Self.batch(10, "batch_completed", number, of: total) }
    // A batch may be logged twice: a session that lost its connection logs it again.
    if let again = done.first { log += Self.batch(11, "batch_completed", again, of: total) }
    let trace = RunTrace(log: log, stages: Self.stages, now: Self.start + 60)
    let batches = try #require(trace.batches)
    #expect(batches.done == done.count && batches.total == total, "seed \(random.seed)")
    #expect(batches.records == done.count * 50, "seed \(random.seed)")
    #expect(trace.jobRunID == 7)
  }

  @Test("lines that no stage wrote are skipped, wherever the log is cut")
  func cut() {
    let log = Self.fetched + Self.batch(9, "batch_completed", 1, of: 2) + "Segmentation fault\n{}\n[1]\n"
    let whole = RunTrace(log: log, stages: Self.stages, now: nil)
    #expect(whole.lines.count == 3)
    for length in 0...log.utf8.count {
      let end = String(decoding: log.utf8.suffix(length), as: UTF8.self)
      let lines = RunTrace(log: end, stages: Self.stages, now: nil).lines
      #expect(lines == Array(whole.lines.suffix(lines.count)))
    }
    let some = RunTrace(log: log, stages: Self.stages, now: nil, linesMax: 1)
    #expect(some.lines == Array(whole.lines.suffix(1)) && some.batches == whole.batches)
  }

  @Test("times are read correctly for any date and UTC offset", arguments: ["+0000", "+0800", "-0330"])
  func times(_ zone: String) throws {
    var random = SeededRandom()
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSSxx"
    for _ in 0..<200 {
      let text =
        "\(2000 + random.below(200))-\(String(1 + random.below(12) + 100).suffix(2))-"
        + "\(String(1 + random.below(28) + 100).suffix(2))T\(String(random.below(24) + 100).suffix(2)):"
        + "\(String(random.below(60) + 100).suffix(2)):\(String(random.below(60) + 100).suffix(2)).250\(zone)"
      let expected = try #require(format.date(from: text))
      let line = #"{"timestamp":"\#(text)","name":"load","message":"x"}"#
      let trace = RunTrace(log: line, stages: [], now: nil)
      #expect(trace.lines.map(\.time) == [expected.timeIntervalSince1970], "\(text), seed \(random.seed)")
    }
  }
}
