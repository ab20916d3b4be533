import CommandKit
import Foundation
import LoadStage
import Postgres
import Records
import Spool
import Support
import Synchronization
import TestCluster
import Testing

/// A spool and a database, and loads from the one into the other.
struct LoadHarness: Sendable {
  let spool: TestSpool
  let database: TestDatabase
  let log = EventList()
  var maxRejects = RejectBudget.standard
  /// From which share of businesses that differ a load rebuilds the tables; nil for never.
  var rebuildShareMin: Double?

  static func with<Result>(_ body: (LoadHarness) throws -> Result) throws -> Result {
    try TestSpool.with { spool in
      try TestDatabase.with { database in try body(LoadHarness(spool: spool, database: database)) }
    }
  }

  /// With a database of its own.
  static func withDatabase(encoding: String = "UTF8", _ body: (LoadHarness) throws -> Void) throws {
    try TestSpool.with { spool in
      try TestDatabase.withDatabase(encoding: encoding) { try body(LoadHarness(spool: spool, database: $0)) }
    }
  }

  func settings(_ snapshot: SnapshotFolder) -> LoadSettings {
    var settings = LoadSettings(
      snapshot: snapshot, databaseURL: database.url, runID: "run-\(snapshot.id)", jobs: 2, maxRejects: maxRejects,
      stop: {},
      events: { [log] in log.add($0) })
    settings.pause = { _ in }
    settings.lockTimeoutMilliseconds = 50
    settings.rebuildShareMin = rebuildShareMin ?? .infinity
    // A session of our own that has just failed may hold the lock for a moment still.
    settings.lockGraceSeconds = 60
    return settings
  }

  // With settings to change never inside of #expect: the compiler has been seen to take a closure in a macro's argument
  // for an earlier one of the same function.
  @discardableResult
  func load(_ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in }) throws -> LoadOutcome {
    var settings = settings(snapshot)
    change(&settings)
    return try Load.run(settings)
  }

  /// What a load would do.
  func check(_ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in }) throws -> LoadCheck {
    var settings = settings(snapshot)
    change(&settings)
    return try Load.check(settings)
  }

  /// Loads, and expects it to fail.
  func failure(
    _ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in },
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Failure {
    do {
      try load(snapshot, change)
    } catch { return try #require(error as? Failure, sourceLocation: sourceLocation) }
    Issue.record("the load did not fail", sourceLocation: sourceLocation)
    return Failure(.bug, "it did not fail")
  }

  /// Loads rows as the next snapshot.
  @discardableResult
  func load(_ rows: [Business], _ options: TestSpool.Options = .init()) throws -> LoadOutcome {
    try load(try spool.snapshot(rows, options))
  }

  /// What readers see, row by row, less the columns that tell about the load.
  func registry() throws -> [String] {
    try database.rows(
      """
      SELECT \(StoredColumn.all.map(\.name).joined(separator: ", ")), content_hash,
        (SELECT string_agg(concat_ws(':', industry_code, industry_name, "order"), ',' ORDER BY "order")
          FROM business_industry WHERE business_id = ban)
      FROM tax_registration ORDER BY ban
      """)
  }

  /// What `registry` should give.
  static func expected(_ rows: [Business]) -> [String] {
    rows.sorted { $0.ban < $1.ban }.map { business in
      let industries = business.slots.map { slot in
        [slot.code, slot.name, "\(slot.order)"].compactMap { $0 }.joined(separator: ":")
      }.joined(separator: ",")
      let fields = business.values.map { $0 ?? "-" } + ["\(business.contentHash)"]
      return (fields + [industries.isEmpty ? "-" : industries]).joined(separator: "|")
    }
  }

  func expect(_ rows: [Business], sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try registry() == Self.expected(rows), sourceLocation: sourceLocation)
    // Nothing is left of the load itself.
    let left = try database.scalar(
      """
      SELECT (SELECT count(*) FROM load_batch) + (SELECT count(*) FROM incoming_registration)
        + (SELECT count(*) FROM incoming_industry) + (SELECT count(*) FROM incoming_removal)
        + (SELECT count(*) FROM current_load WHERE kind IS NOT NULL)
        + (SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_bulk%' AND relnamespace = current_schema()::regnamespace)
      """)
    #expect(left == "0", sourceLocation: sourceLocation)
  }

  /// Makes the empty tables.
  func makeTables() throws {
    var session = try database.open()
    try Migrator.migrate(&session, events: { _ in })
  }

  /// Makes the empty tables, with a view of a user on them: so they are not replaced by others.
  func hangAView() throws {
    try makeTables()
    try database.execute("CREATE VIEW of_a_user AS SELECT ban, business_name FROM tax_registration")
  }

  func jobs() throws -> [String] { try database.rows("SELECT status, error_message FROM etl_job_run ORDER BY id") }
}

final class EventList: Sendable {
  private let events = Mutex<[LoadEvent]>([])

  func add(_ event: LoadEvent) { events.withLock { $0.append(event) } }
  var all: [LoadEvent] { events.withLock { $0 } }

  var advice: [String] { all.compactMap { if case .advice(let hint) = $0 { hint.description } else { nil } } }
  var notes: [String] { all.compactMap { if case .note(let text) = $0 { text } else { nil } } }
  var retries: Int { all.count { if case .retrying = $0 { true } else { false } } }
}

extension Acceptance {
  /// Of what a test loads although the gate refuses it.
  static let test = Acceptance(reason: "a test", user: "ops")
}

/// A fault that happens once, at one place.
final class Once: Sendable {
  private let done = Mutex(false)

  func run(_ body: () throws -> Void) rethrows {
    let isFirst = done.withLock { done in
      defer { done = true }
      return !done
    }
    guard isFirst else { return }
    try body()
  }
}

/// A number that several threads raise.
final class Counter: Sendable {
  private let value = Mutex(0)

  func add() { value.withLock { $0 += 1 } }
  var count: Int { value.withLock { $0 } }
}

extension Trait where Self == ConditionTrait {
  /// Needs a PostgreSQL of any kind.
  static var needsServer: Self { .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")") }
  /// Needs one of our own, where roles and databases may be made.
  static var needsOwnServer: Self {
    .enabled(
      if: TestCluster.isOwn, "\(TestCluster.unavailable ?? "needs a server of its own: unset TEST_DATABASE_URL")")
  }
}
