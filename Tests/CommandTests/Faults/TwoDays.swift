import Glibc
import Postgres
import Spool
import TestCluster
import TestSupport
import Testing

/// Two days of one registry, fetched and transformed, to be loaded wherever a test likes.
struct TwoDays {
  private(set) var workshop: CommandSandbox
  private(set) var first: SnapshotFolder
  private(set) var second: SnapshotFolder

  /// What the second day was fetched from.
  var source: String { workshop.scratch.path + "/source.csv" }

  /// Fetched and transformed once; every test has a copy of its own.
  private static let template = Result { try CommandSandbox.withTwoDays() }

  init() throws {
    workshop = CommandSandbox()
    try Files.copy(try Self.template.get().spool, to: workshop.spool)
    try Files.copy(try Self.template.get().scratch.path + "/source.csv", to: workshop.scratch.path + "/source.csv")
    let snapshots = try workshop.snapshots
    (first, second) = (snapshots[0], snapshots[1])
  }

  /// The spool is another folder from now on, with the same in it.
  mutating func move(to spool: String) {
    workshop.spool = spool
    (first, second) = (SnapshotFolder(spool: spool, id: first.id), SnapshotFolder(spool: spool, id: second.id))
  }

  /// Loads a day, or with other arguments does something else.
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

  /// What has to be loaded before, for a way to be taken.
  func prepare(_ way: Way, _ url: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for earlier in Way.allCases.prefix(while: { $0 != way }) {
      try succeed(url, arguments(earlier), sourceLocation: sourceLocation)
    }
  }
}

/// The ways in which a snapshot becomes visible, each of which follows on the one before.
enum Way: String, CaseIterable {
  /// The first load.
  case bulk
  /// The next day.
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

/// All that a database holds of the registry, less what tells the runs and the times of one attempt from another's.
enum Holdings {
  /// What is there after each way, if nothing happens.
  static func expected(after way: Way) throws -> [String] { try uninterrupted.get()[way]?.holdings ?? [] }

  /// The summary's account of what a load did to the database, if nothing happens.
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

  /// The businesses alone.
  static func registry(_ url: String) throws -> [String] { try of(url, queries.prefix(2)) }

  /// What readers see of it.
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

/// Expects a database to hold what an uninterrupted run would have left.
func expectHoldings(_ url: String, after way: Way, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let (held, expected) = (try Holdings.of(url), try Holdings.expected(after: way))
  let differences = held.difference(from: expected).prefix(6).map { "\($0)" }
  #expect(differences == [], sourceLocation: sourceLocation)
}
