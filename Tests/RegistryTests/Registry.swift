import CommandKit
import FetchStage
import Glibc
import LoadStage
import ReferenceImplementation
import Spool
import TestCluster
import TestSupport
import TransformStage

let quietLog: EventLog = {
  setenv("LOG_LEVEL", "critical", 1)
  return EventLog(stage: "test", runID: "test")
}()

/// A registry in its own schema. Sources are fetched, transformed and loaded in this process.
struct Registry {
  private let database: TestDatabase
  private let scratch = ScratchFolder()

  /// Creates a registry and loads `source`.
  static func with(_ source: [UInt8], chunkSize: Int, _ body: (Registry) throws -> Void) throws {
    try TestDatabase.with { database in
      let registry = Registry(database: database)
      try registry.load(source, chunkSize: chunkSize)
      try body(registry)
    }
  }

  func load(_ source: [UInt8], chunkSize: Int) throws {
    let path = scratch.write(source, to: "source.csv")
    let spool = scratch.path + "/spool"
    let fetch = FetchSettings(
      spool: spool, location: .file(path: path), terms: FetchTerms(chunkSize: chunkSize, limit: nil, sample: false),
      force: true)
    let folder = try Fetcher.run(fetch, log: quietLog).folder
    let transform = TransformSettings(folder: folder, jobs: 2, selection: .all, force: false, isDryRun: false)
    _ = try Transformer.run(transform, log: quietLog)
    var settings = LoadSettings(
      snapshot: folder, databaseURL: database.url, runID: "test", maxRejects: .percent(100))
    // The files are in no order: dates go back and columns disappear, so every snapshot must be accepted.
    settings.acceptance = Acceptance(reason: "a test", user: "test")
    _ = try Load.run(settings)
  }

  func execute(_ sql: String) throws -> [[String?]] { try database.execute(sql).values }

  /// Returns the first difference between the tables and the reference's result; nil if there is none.
  func difference(from reference: ReferenceResult) throws -> String? {
    let registrations = try execute(
      """
      SELECT \(ReferenceRegistration.columns.joined(separator: ", ")) FROM tax_registration ORDER BY ban
      """
    ).map { ReferenceRegistration(row: $0) }
    let industries = try execute(
      "SELECT business_id, industry_code, industry_name, \"order\" FROM business_industry ORDER BY 1, 4"
    ).map { row in
      ReferenceIndustry(ban: row[0] ?? "", code: row[1] ?? "", name: row[2], order: row[3].flatMap { Int($0) } ?? 0)
    }
    let expected = reference.registrations.sorted { $0.ban < $1.ban }
    for (ours, theirs) in zip(registrations, expected) where ours != theirs { return "\(ours) and not \(theirs)" }
    if registrations.count != expected.count { return "\(registrations.count) registrations and not \(expected.count)" }
    let expectedIndustries = reference.industries.sorted { ($0.ban, $0.order) < ($1.ban, $1.order) }
    for (ours, theirs) in zip(industries, expectedIndustries) where ours != theirs {
      return "\(ours) and not \(theirs)"
    }
    if industries.count != expectedIndustries.count {
      return "\(industries.count) industries and not \(expectedIndustries.count)"
    }
    return nil
  }
}
