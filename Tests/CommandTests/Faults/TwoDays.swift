import Glibc
import Postgres
import Spool
import TestCluster
import TestSupport
import Testing

/// Two fetched and transformed days of one registry.
struct TwoDays {
  private(set) var workshop: CommandSandbox
  private(set) var first: SnapshotFolder
  private(set) var second: SnapshotFolder

  /// The source of the second day.
  var source: String { workshop.scratch.path + "/source.csv" }

  /// Fetched and transformed once; every test gets a copy.
  private static let template = Result { try CommandSandbox.withTwoDays() }

  init() throws {
    workshop = CommandSandbox()
    try Files.copy(try Self.template.get().spool, to: workshop.spool)
    try Files.copy(try Self.template.get().scratch.path + "/source.csv", to: workshop.scratch.path + "/source.csv")
    let snapshots = try workshop.snapshots
    (first, second) = (snapshots[0], snapshots[1])
  }

  /// Uses another folder with the same content as the spool from now on.
  mutating func move(to spool: String) {
    workshop.spool = spool
    (first, second) = (SnapshotFolder(spool: spool, id: first.id), SnapshotFolder(spool: spool, id: second.id))
  }

  /// Runs `load` with arguments.
  func load(_ url: String, _ arguments: [String], variables: [String: String] = [:]) throws -> Ended {
    try start(url, arguments, variables: variables).wait()
  }

  func start(_ url: String, _ arguments: [String], variables: [String: String] = [:]) throws -> Running {
    let own = ["DATABASE_URL": url, "MAX_REJECTS": "100%"]
    return try workshop.command("load", arguments, own.merging(variables) { $1 }).start()
  }

  @discardableResult
  func succeed(
    _ url: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Ended {
    let ended = try load(url, arguments)
    try #require(ended.code == 0, "\(arguments): \(ended)", sourceLocation: sourceLocation)
    return ended
  }

  func arguments(_ way: Way) -> [String] {
    switch way {
    case .bulk: ["--snapshot", first.id.description]
    case .reconcile: ["--snapshot", second.id.description]
    case .rollback: ["rollback", first.id.description]
    }
  }

  /// Loads everything that must be published before `way`.
  func prepare(_ way: Way, _ url: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for earlier in Way.allCases.prefix(while: { $0 != way }) {
      try succeed(url, arguments(earlier), sourceLocation: sourceLocation)
    }
  }
}

/// The kinds of publication, in the order in which a test does them.
enum Way: String, CaseIterable {
  /// The initial load.
  case bulk
  /// The incremental load of the next day.
  case reconcile
  case rollback
}

extension CommandSandbox {
  fileprivate static func withTwoDays() throws -> CommandSandbox {
    let workshop = CommandSandbox()
    var records = Days.records(600)
    for day in 1...2 {
      if day == 2 {
        records.removeSubrange(100..<105)
        for row in stride(from: 7, to: 590, by: 20) {
          records[row] = Days.record(Days.validBANs[600 + row / 20], "新第\(row)", capital: "x")
          records[row + 1] = records[row + 1].replacing("商店", with: "商號")
        }
      }
      let dirt = ["臺北市,2000,,沒有統編,,,,,,,,,,,,", records[3], ",12345675,,,,,,,,,,,,,,"]
      let lines = [Days.header, "0\(day)-SEP-26" + String(repeating: ",", count: 15)] + records + dirt
      try workshop.succeed(
        "fetch", "--source", workshop.file(lines.joined(separator: "\n") + "\n"), "--chunk-size", "40")
      try workshop.succeed("transform", "--max-rejects", "100%")
    }
    return workshop
  }
}

enum Files {
  static func copy(_ from: String, to: String) throws {
    let ended = try Command(program: "/bin/cp", arguments: ["-a", from, to]).run()
    try #require(ended.code == 0, "\(ended)")
  }
}

/// The content of a database, without run IDs and times, for comparison with an uninterrupted run.
enum Holdings {
  /// Returns the content after a publication without faults.
  static func expected(after way: Way) throws -> [String] { try uninterrupted.get()[way]?.holdings ?? [] }

  /// Returns the `database` part of the summary of a publication without faults.
  static func account(of way: Way) throws -> JSON? { try uninterrupted.get()[way]?.account }

  private static let uninterrupted = Result {
    try TestDatabase.with { database in
      let days = try TwoDays()
      var known: [Way: (holdings: [String], account: JSON?)] = [:]
      for way in Way.allCases {
        let ended = try days.succeed(database.url, days.arguments(way) + ["--json"])
        known[way] = (try of(database.url), try JSON(ended.stdout)["database"])
      }
      return known
    }
  }

  /// Returns only businesses and industries.
  static func registry(_ url: String) throws -> [String] { try of(url, queries.prefix(2)) }

  /// Returns the published content.
  static func published(_ url: String) throws -> [String] { try of(url, queries.prefix(7)) }

  static func of(_ url: String) throws -> [String] { try of(url, queries[...]) }

  private static func of(_ url: String, _ queries: ArraySlice<String>) throws -> [String] {
    var session = try TestDatabase.open(url)
    return try queries.flatMap { query in
      try session.execute(query).values.map { $0.map { $0 ?? "-" }.joined(separator: "|") } + ["--"]
    }
  }

  private static let queries = [
    """
    SELECT ban, headquarters_ban, business_name, business_address, capital_amount, business_setup_date, setup_date,
      business_type, is_use_invoice, content_hash, data_source_date FROM tax_registration ORDER BY ban
    """,
    "SELECT business_id, industry_code, industry_name, \"order\" FROM business_industry ORDER BY 1, 4",
    """
    SELECT p.snapshot, c.source_date, c.ban, c.kind, c.reason, c.changed_columns, c.before, c.after
    FROM registration_change c JOIN publication p USING (job_run_id) ORDER BY p.id, c.ban
    """,
    "SELECT count(*) FROM registration_change",
    """
    SELECT snapshot, action, kind, whole, registrations, industries, inserted, updated, removed, changes, j.status,
      j.records_processed, j.error_message
    FROM publication p JOIN etl_job_run j ON j.id = p.job_run_id ORDER BY p.id
    """,
    """
    SELECT p.snapshot, e.batch_number, e.severity, e.error_type, count(*)
    FROM data_import_error e JOIN publication p USING (job_run_id) GROUP BY p.id, 1, 2, 3, 4 ORDER BY p.id, 2, 3, 4
    """,
    "SELECT ban FROM removed_registration ORDER BY 1",
    "SELECT count(*) FROM etl_job_run WHERE status = 'running'",
    "SELECT kind, job_run_id, (SELECT count(*) FROM load_batch) FROM current_load",
    "SELECT (SELECT count(*) FROM incoming_registration), (SELECT count(*) FROM incoming_industry)",
    """
    SELECT relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')
      ORDER BY 1
    """,
  ]
}

/// Checks that a database has the content that an uninterrupted run leaves.
func expectHoldings(_ url: String, after way: Way, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let (held, expected) = (try Holdings.of(url), try Holdings.expected(after: way))
  let differences = held.difference(from: expected).prefix(6).map { "\($0)" }
  #expect(differences == [], sourceLocation: sourceLocation)
}
