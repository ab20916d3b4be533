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

/// A spool and a database, with functions to load from one into the other.
struct LoadHarness: Sendable {
  let spool: TestSpool
  let database: TestDatabase
  let log = EventList()
  var maxRejects = RejectBudget.standard
  /// The share of differing businesses from which a load rebuilds the tables; nil for never.
  var rebuildShareMin: Double?

  static func with<Result>(_ body: (LoadHarness) throws -> Result) throws -> Result {
    try TestSpool.with { spool in
      try TestDatabase.with { database in try body(LoadHarness(spool: spool, database: database)) }
    }
  }

  /// Runs `body` with a separate database.
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
    settings.limits.lockTimeoutMilliseconds = 50
    settings.limits.rebuildShareMin = rebuildShareMin ?? .infinity
    // The session of a load that has just failed may still hold the lock for a moment.
    settings.limits.lockGraceSeconds = 60
    return settings
  }

  // Never pass `change` inside of #expect: the compiler was seen to confuse a closure in a macro's argument with an
  // earlier one of the same function.
  @discardableResult
  func load(_ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in }) throws -> LoadOutcome {
    var settings = settings(snapshot)
    change(&settings)
    return try Load.run(settings)
  }

  /// Checks a snapshot without loading it (dry run).
  func check(_ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in }) throws -> LoadCheck {
    var settings = settings(snapshot)
    change(&settings)
    return try Load.check(settings)
  }

  /// Loads a snapshot, expects a failure and returns it.
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

  /// Returns the registry row by row, without the columns that describe the load.
  func registry() throws -> [String] {
    try database.rows(
      """
      SELECT \(StoredColumn.all.map(\.name).joined(separator: ", ")), content_hash,
        (SELECT string_agg(concat_ws(':', industry_code, industry_name, "order"), ',' ORDER BY "order")
          FROM business_industry WHERE business_id = ban)
      FROM tax_registration ORDER BY ban
      """)
  }

  /// Returns the expected result of `registry()`.
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
    // The load left no working data behind.
    let left = try database.scalar(
      """
      SELECT (SELECT count(*) FROM load_batch) + (SELECT count(*) FROM incoming_registration)
        + (SELECT count(*) FROM incoming_industry) + (SELECT count(*) FROM incoming_removal)
        + (SELECT count(*) FROM current_load WHERE kind IS NOT NULL)
        + (SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_bulk%' AND relnamespace = current_schema()::regnamespace)
      """)
    #expect(left == "0", sourceLocation: sourceLocation)
  }

  /// Creates the empty tables.
  func makeTables() throws {
    var session = try database.open()
    try Migrator.migrate(&session, events: { _ in })
  }

  /// Creates the empty tables with a user's view on them, so that load cannot replace them.
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
  /// Accepts a snapshot that the gate would refuse.
  static let test = Acceptance(reason: "a test", user: "ops")
}

/// Runs a body only the first time, for faults that happen once.
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

/// A counter that several threads increment.
final class Counter: Sendable {
  private let value = Mutex(0)

  func add() { value.withLock { $0 += 1 } }
  var count: Int { value.withLock { $0 } }
}

extension Trait where Self == ConditionTrait {
  /// Requires a PostgreSQL server.
  static var needsServer: Self { .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")") }
  /// Requires the tests' own server, where they may create roles and databases.
  static var needsOwnServer: Self {
    .enabled(
      if: TestCluster.isOwn, "\(TestCluster.unavailable ?? "needs a server of its own: unset TEST_DATABASE_URL")")
  }
}
