import Foundation
import Spool
import TestSupport
import Testing

/// With `LOG_FORMAT=json` every line of stderr is one object, and its events describe the run.
@Suite struct LogTests {
  static let json = ["LOG_FORMAT": "json"]

  @Test func aSingleFetchOrTransformIsARunThatCompletes() throws {
    let workshop = CommandSandbox()
    let fetch = try log(workshop.run("fetch", "--sample", variables: Self.json))
    #expect(fetch.events == ["etl_started", "etl_completed"])
    // Nothing was published and no registry was checked. A sample has no age.
    #expect(fetch.last?.fields["registry"]?.string == "not_checked")
    #expect(fetch.last?.fields["source_date"]?.string == "2026-09-01")
    #expect(fetch.last?.fields["source_age_days"] == nil)
    let transform = try log(workshop.run("transform", "--jobs", "1", variables: Self.json))
    #expect(transform.events == ["etl_started", "batch_validation_errors", "etl_summary", "etl_completed"])
    let findings = try #require(transform.all("batch_validation_errors").first?.fields)
    let totals = try #require(try TransformManifest.read(at: workshop.snapshot().transformManifest)).totals
    #expect(findings["batch_num"]?.int == 1 && findings["raw_count"]?.int == totals.total)
    #expect(findings["error_count"]?.int == totals.failed + totals.duplicated)
    let summary = try #require(transform.last { $0.event == "etl_summary" }?.fields)
    #expect(summary["records_total"]?.int == totals.total)
    #expect(summary["records_success"]?.int == totals.processed)
    #expect(summary["records_failed"]?.int == totals.failed)
    #expect(summary["records_duplicates"]?.int == totals.duplicated)
    #expect(summary["status"]?.string == "partial")
    let rate = try #require(summary["success_rate"]?.number)
    #expect(abs(rate - Double(totals.processed) * 100 / Double(totals.total)) < 0.001)
    #expect((summary["duration_seconds"]?.number ?? -1) >= 0)
  }

  /// Retryable failures are marked as temporary.
  @Test func aFailureSaysWhetherItIsTemporary() throws {
    try failed(
      CommandSandbox().run("fetch", "--source", "http://127.0.0.1:1/none.csv", variables: Self.json), 75,
      saying: "127.0.0.1")
  }

  /// The age is in days since the source date, in Taiwan's time zone.
  @Test func theSourceHasAnAge() throws {
    let workshop = CommandSandbox()
    let source = "統一編號,營業人名稱\n01-SEP-26,\n10000000,第一號\n"
    let fetch = try log(workshop.run("fetch", "--source", workshop.file(source), variables: Self.json))
    let fields = try #require(fetch.last?.fields)
    let date = try #require(fields["source_date"]?.string)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 8 * 3600))
    let parts = date.split(separator: "-").compactMap { Int($0) }
    let day = try #require(calendar.date(from: DateComponents(year: parts[0], month: parts[1], day: parts[2])))
    let days = calendar.dateComponents([.day], from: day, to: Date()).day
    #expect(fields["source_age_days"]?.int == days)
  }

  @Test(arguments: [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")])
  func anUnknownLogSettingIsRefused(name: String, value: String) throws {
    let workshop = CommandSandbox()
    let ended = try workshop.run("fetch", "--sample", variables: [name: value])
    #expect(ended.code == 64 && ended.stderr.contains("invalid \(name) '\(value)'"), "\(ended)")
    #expect(ended.stderr.contains("HINT: set it to"))
    #expect(try workshop.run("load", "status", variables: [name: value]).code == 64)
  }

  /// Stderr is not a terminal here, so its lines have dates.
  @Test func textLinesHaveDatesIfStderrIsNoTerminal() throws {
    let ended = try CommandSandbox().run("fetch", "--sample")
    let line = try #require(ended.stderr.split(separator: "\n").first)
    #expect(try #/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d fetch: .*/#.wholeMatch(in: line) != nil, "\(ended)")
  }

  @Test func aDryRunLogsNeitherCompletedNorFailed() throws {
    let workshop = CommandSandbox()
    let bytes = Array(Source.plain(rows: 10, bad: 1).utf8)
    try workshop.succeed("fetch", "--source", workshop.file(bytes), "--chunk-size", "4")
    let refused = try workshop.run("transform", "--dry-run", variables: Self.json)
    #expect(refused.code == 65)
    let first = try log(refused)
    #expect(Set(first.events) == ["etl_started", "batch_dry_run", "batch_validation_errors"])
    #expect(first.all("batch_dry_run").compactMap { $0.fields["batch_num"]?.int }.sorted() == [1, 2, 3])
    #expect(first.last?.fields["level"]?.string == "ERROR", "the reason is still logged: \(refused)")
    #expect(first.last?.fields["hints"]?.array?.isEmpty == false)
    let passed = try workshop.run("transform", "--dry-run", "--max-rejects", "1", "--force", variables: Self.json)
    #expect(passed.code == 0)
    #expect(try log(passed).events.last == "etl_summary")
    #expect(try log(passed).all("batch_dry_run").count == 3)
  }

  @Test func aFailingStageFailsTheRunOnce() throws {
    let workshop = CommandSandbox()
    let bad = workshop.file("<html>", "bad.csv")
    try failed(workshop.run("fetch", "--source", bad, variables: Self.json), 65, saying: "HTML")
    try failed(workshop.run("transform", variables: Self.json), 66, saying: "no snapshot")
    let load = Self.json.merging(ExitCodeTests.nowhere) { $1 }
    try failed(workshop.run("load", variables: load), 66, saying: "no snapshot")
    try failed(workshop.run("fetch", "--limit", "0", variables: Self.json), 64, saying: "--limit")
    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 10, bad: 1)))
    try failed(workshop.run("transform", variables: Self.json), 65, saying: "1 of 10 records")
    #expect(try workshop.markers == [])
  }

  /// Failures before the run has a log have the same form.
  @Test func aFailureBeforeTheRunIsAnObjectToo() throws {
    let workshop = CommandSandbox()
    try failed(workshop.run("fetch", "--bogus", variables: Self.json), 64, saying: "--bogus", begins: false)
    _ = workshop.file("", "spool")
    try failed(workshop.run("fetch", "--sample", variables: Self.json), 74, saying: workshop.spool, begins: false)
    let dry = try workshop.run("transform", "--dry-run", variables: Self.json)
    #expect(dry.code == 74)
    #expect(try log(dry).map { $0.fields["level"]?.string } == ["ERROR"])
    #expect(try log(dry).events == [])
    let status = try CommandSandbox().run("load", "status", variables: Self.json)
    #expect(status.code == 64)
    #expect(try log(status).events == [], "not a run: \(status)")
    #expect(try log(status).count == 1)
  }

  @Test func aRunOfSeveralStagesStartsOnceAndHasOneRunID() throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    let fetch = try workshop.run(
      "fetch", "run", "--sample", variables: run.variables)
    let transform = try workshop.run("transform", variables: run.variables)
    let lines = try log(fetch) + log(transform)
    #expect(
      lines.events == ["etl_started", "batch_validation_errors", "etl_summary", "etl_completed"], "\(fetch)\(transform)"
    )
    #expect(Set(lines.map(\.runID)) == [run.id])
    #expect(Set(lines.map { $0.fields["event_id"]?.string }).count == lines.count)
    #expect(Set(lines.map { $0.fields["name"]?.string }) == ["fetch", "transform"])
  }

  private func log(_ ended: Ended, sourceLocation: SourceLocation = #_sourceLocation) throws -> [LogLine] {
    try LogLine.read(ended.stderr, sourceLocation: sourceLocation)
  }

  private func failed(
    _ ended: Ended, _ code: Int32, saying text: String, begins: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(ended.code == code, "\(ended)", sourceLocation: sourceLocation)
    let lines = try log(ended, sourceLocation: sourceLocation)
    #expect(lines.all("etl_started").count == (begins ? 1 : 0), "\(ended)", sourceLocation: sourceLocation)
    #expect(lines.all("etl_failed").count == 1, "\(ended)", sourceLocation: sourceLocation)
    #expect(lines.last?.event == "etl_failed", "\(ended)", sourceLocation: sourceLocation)
    let fields = lines.last?.fields
    #expect(fields?["error"]?.string?.contains(text) == true, "\(ended)", sourceLocation: sourceLocation)
    #expect(fields?["hints"]?.array?.isEmpty == false, "\(ended)", sourceLocation: sourceLocation)
    #expect(fields?["exit_code"]?.int == Int(code), "\(ended)", sourceLocation: sourceLocation)
    #expect(fields?["temporary"] == .bool(code == 75), "\(ended)", sourceLocation: sourceLocation)
    if begins { #expect(fields?["status"]?.string == "failed", "\(ended)", sourceLocation: sourceLocation) }
    #expect(Set(lines.map(\.runID)).count == 1, "\(ended)", sourceLocation: sourceLocation)
  }
}
