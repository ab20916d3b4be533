import Glibc
import ReferenceImplementation
import Spool
import TestSupport
import Testing

/// `--json`: stdout is exactly one document, and stderr has no part of it.
@Suite struct SummaryTests {
  static let keys: Set<String> = [
    "snapshot", "status", "source_date", "totals", "findings", "notes", "stages",
    "command", "origin", "started_at", "ended_at", "exit_code",
  ]

  @Test func eachStagePrintsItsResult() throws {
    let workshop = CommandSandbox()
    let fetch = try summary(try workshop.run("fetch", "--sample", "--json"), status: "success")
    let snapshot = try workshop.snapshot()
    #expect(fetch["snapshot"]?.string == snapshot.id.description)
    #expect(fetch["source_date"]?.string == "2026-09-01")
    #expect(fetch["source"]?.string == "sample:BGMOPEN1-sample.csv")
    #expect((fetch["stages"]?["fetch"]?["seconds"]?.number ?? -1) > 0)

    let transform = try summary(try workshop.run("transform", "--json"), status: "partial")
    let manifest = try #require(try TransformManifest.read(at: snapshot.transformManifest))
    #expect(transform["totals"] == JSON(manifest.totals))
    #expect(transform["totals"]?.keys == ["total", "processed", "failed", "duplicated", "blank"])
    #expect(transform["findings"] == .object(manifest.findingCounts.mapValues { .int($0) }))
    #expect(transform["findings"]?["INVALID_BAN"] == .int(2) && transform["findings"]?["DUPLICATE"] == .int(2))
    #expect(transform["notes"]?.keys.contains("missing_columns") == true)
    #expect(transform["source_date"]?.string == "2026-09-01")
    #expect(transform["stages"]?.keys == ["transform"])
  }

  @Test func cleanDataIsASuccessAndTheSameAgainUnchanged() throws {
    let workshop = CommandSandbox()
    let source = workshop.file(Source.plain(rows: 10))
    let first = try summary(try workshop.run("fetch", "--source", source, "--json"), status: "success")
    #expect(first["source_date"] == .null)
    let second = try summary(try workshop.run("fetch", "--source", source, "--json"), status: "unchanged")
    #expect(second["snapshot"] == first["snapshot"])
    let done = try summary(try workshop.run("transform", "--json"), status: "success")
    #expect(done["totals"] == JSON(Totals(total: 10, processed: 10, failed: 0, duplicated: 0, blank: 0)))
    let again = try summary(try workshop.run("transform", "--json"), status: "unchanged")
    #expect(again["totals"] == done["totals"])
    try summary(try workshop.run("transform", "--force", "--json"), status: "success")
  }

  @Test func missingAndUnknownColumnsAreNotesNotFindings() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--source", workshop.file("統一編號,營業人名稱,備註\n04595257,甲行,x\n"))
    let document = try summary(try workshop.run("transform", "--json"), status: "success")
    #expect(document["notes"]?["unknown_columns"] == .array([.string("備註")]))
    #expect(document["notes"]?["missing_columns"]?.array?.count == publishedColumns.count - 2)
    #expect(document["findings"] == .object([:]))
  }

  @Test func aFailureIsTheSameDocumentWithAnError() throws {
    let workshop = CommandSandbox()
    let missing = try workshop.run("fetch", "--source", "missing.csv", "--json")
    try failed(try summary(missing, status: "failed"), stage: "fetch", code: 69)
    expect(missing, from: "fetch", fails: 69, saying: "missing.csv")
    try failed(try summary(try workshop.run("transform", "--json"), status: "failed"), stage: "transform", code: 66)
    let usage = try workshop.run("transform", "--jobs", "0", "--json")
    try failed(try summary(usage, status: "failed"), stage: "transform", code: 64)

    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 10, bad: 1)))
    let refused = try summary(try workshop.run("transform", "--json"), status: "failed")
    try failed(refused, stage: "transform", code: 65)
    #expect(refused["totals"] == JSON(Totals(total: 10, processed: 9, failed: 1, duplicated: 0, blank: 0)))
    #expect(refused["findings"]?["INVALID_BAN"]?.int == 1)
    let load = try workshop.run("load", "--json", variables: ExitCodeTests.nowhere)
    try failed(try summary(load, status: "failed"), stage: "load", code: 75)
  }

  /// The stages of a run pass the summary on; the last one, or the one that fails, prints it.
  @Test func theStagesOfARunShareTheSummary() throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    let fetch = try workshop.run(
      "fetch", "run", "--sample", "--json", variables: run.variables)
    #expect(fetch.code == 0 && fetch.stdout.isEmpty, "\(fetch)")
    let failing = try workshop.run(
      "transform", "run", "--json", "--max-rejects", "0", variables: run.variables)
    let refused = try summary(failing, status: "failed")
    #expect(refused["stages"]?.keys == ["fetch", "transform"])
    #expect(refused["stages"]?["transform"]?["result"]?.string == "failed")

    let transform = try workshop.run("transform", "--json", variables: run.variables)
    let document = try summary(transform, status: "partial")
    #expect(document["stages"]?.keys == ["fetch", "transform"])
    #expect(document["run_id"]?.string == run.id)
    #expect(document["source"]?.string == "sample:BGMOPEN1-sample.csv")
    #expect(try workshop.markers.isEmpty, "the stage that ends the run removes its marker")
  }

  @Test func withoutTheJSONOptionATableIsPrinted() throws {
    let workshop = CommandSandbox()
    let fetch = try workshop.succeed("fetch", "--sample")
    #expect(fetch.stdout.hasPrefix("snapshot") && !fetch.stderr.contains("snapshot  "))
    let transform = try workshop.succeed("transform")
    #expect(transform.stdout.contains("INVALID_BAN") && transform.stdout.contains("partial"))
  }

  /// Parses the summary, and checks the keys that every summary has.
  @discardableResult
  private func summary(
    _ ended: Ended, status: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> JSON {
    let document = try JSON(ended.stdout)
    #expect(document.keys.isSuperset(of: Self.keys), "\(ended)", sourceLocation: sourceLocation)
    #expect(document["status"]?.string == status, "\(ended)", sourceLocation: sourceLocation)
    #expect((document["error"] != nil) == (status == "failed"), "\(ended)", sourceLocation: sourceLocation)
    #expect((ended.code != 0) == (status == "failed"), "\(ended)", sourceLocation: sourceLocation)
    #expect(!ended.stderr.contains("\"stages\""), "\(ended)", sourceLocation: sourceLocation)
    return document
  }

  private func failed(
    _ document: JSON, stage: String, code: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(document["error"], sourceLocation: sourceLocation)
    #expect(error["stage"]?.string == stage, sourceLocation: sourceLocation)
    #expect(error["exit_code"]?.int == code, sourceLocation: sourceLocation)
    #expect(error["message"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(error["hints"]?.array?.isEmpty == false, sourceLocation: sourceLocation)
  }
}

/// A run of several stages, started as `pipeline.sh` does: it holds the lock of the run's marker.
final class Run {
  let id = "7e570000-0000-4000-8000-00000000cafe"
  private let marker: String
  private let lock: Int32

  init(_ workshop: CommandSandbox) {
    mkdir(workshop.spool, 0o755)
    mkdir(workshop.spool + "/.runs", 0o755)
    marker = workshop.spool + "/.runs/" + id
    lock = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    write(lock, "run 1\n", 6)
    flock(lock, LOCK_EX)
  }

  deinit { close(lock) }

  var variables: [String: String] { ["RUN_ID": id, "RUN_MARKER": marker, "RUN_COMMAND": "run", "LOG_FORMAT": "json"] }
}

extension JSON {
  init(_ totals: Totals) {
    self = .object([
      "total": .int(totals.total), "processed": .int(totals.processed), "failed": .int(totals.failed),
      "duplicated": .int(totals.duplicated), "blank": .int(totals.blank),
    ])
  }
}
