import Postgres
import ReferenceImplementation
import Spool
import TestCluster
import TestSupport
import Testing

/// A sandbox with a finalized snapshot of a dirty source, and an empty schema to load it into.
struct LoadFixture {
  static let canary = "sesame7f3"
  let workshop: CommandSandbox
  let database: TestDatabase
  let reference: ReferenceResult
  let batches: Int

  static func with(rows: Int, chunkSize: Int, _ body: (LoadFixture) throws -> Void) throws {
    try TestDatabase.with { database in try body(LoadFixture(database, rows: rows, chunkSize: chunkSize)) }
  }

  private init(_ database: TestDatabase, rows: Int, chunkSize: Int) throws {
    self.database = database
    let bytes = try Source.generate(rows: rows, seed: 3, dirt: [.invalidBAN: 2, .duplicate: 6, .invalidDate: 4])
    reference = referenceRead(bytes)
    workshop = try CommandSandbox.fetched(bytes, chunkSize: chunkSize)
    try workshop.succeed("transform", "--max-rejects", "100%")
    batches = try manifests(workshop.snapshot().transformFolder)
  }

  /// The application name of the sessions of this fixture's loads.
  var sessions: String { database.name }

  var variables: [String: String] {
    ["DATABASE_URL": database.url + "&application_name=\(sessions)", "LOG_FORMAT": "json", "MAX_REJECTS": "100%"]
  }

  func start(_ arguments: String...) throws -> Running {
    try workshop.command("load", arguments, variables).start()
  }

  func load(_ arguments: String...) throws -> Ended { try workshop.command("load", arguments, variables).run() }

  /// Creates the tables with a refused load, which publishes nothing.
  func makeSchema() throws {
    expect(
      try workshop.run("load", "--max-rejects", "0", variables: ["DATABASE_URL": database.url]), from: "load",
      fails: 65, saying: "refused")
    #expect(try published() == [0, 0])
  }

  /// Returns the row counts of the two tables, in one statement.
  func published() throws -> [Int?] {
    try database.execute("SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry)")
      .values[0].map { $0.flatMap { Int($0) } }
  }

  var all: [Int?] { [reference.registrations.count, reference.industries.count] }

  /// Checks that the registry equals the reference's result for the source, row by row.
  func expectAll(sourceLocation: SourceLocation = #_sourceLocation) throws {
    var observed = ObservedOutput()
    observed.registrations = try database.execute(
      """
      SELECT \(ReferenceRegistration.columns.joined(separator: ", ")) FROM tax_registration ORDER BY ban
      """
    ).values.map { ReferenceRegistration(row: $0) }
    observed.industries = try database.execute(
      "SELECT business_id, industry_code, industry_name, \"order\" FROM business_industry ORDER BY 1, 4"
    ).values.map { row in
      ReferenceIndustry(ban: row[0] ?? "", code: row[1] ?? "", name: row[2], order: row[3].flatMap { Int($0) } ?? 0)
    }
    // Findings and totals are in the spool, not compared here.
    (observed.findings, observed.totals) = (reference.findings, reference.totals)
    var expected = reference
    expected.registrations.sort { $0.ban < $1.ban }
    expected.industries.sort { ($0.ban, $0.order) < ($1.ban, $1.order) }
    let difference = observed.difference(from: expected)
    #expect(difference == nil, sourceLocation: sourceLocation)
  }

  /// Returns the statuses of the job runs, in order.
  func jobs() throws -> [String] { try database.rows("SELECT status FROM etl_job_run ORDER BY id") }
}

/// Blocks loads before they insert a batch into load_batch, until it is opened.
final class Barrier {
  private let fixture: LoadFixture
  /// The session that holds the advisory lock.
  private var holder: Connection?

  /// - Parameter batch: the last batch that is not blocked.
  init(_ fixture: LoadFixture, after batch: Int) throws {
    self.fixture = fixture
    var connection = try fixture.database.open()
    let key = "hashtext('\(fixture.database.name)')"
    try connection.execute(
      """
      SELECT pg_advisory_lock(\(key));
      CREATE FUNCTION wait_at_barrier() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.batch_number > \(batch) THEN PERFORM pg_advisory_xact_lock(\(key)); END IF; RETURN NEW;
      END $$;
      CREATE TRIGGER wait_at_barrier BEFORE INSERT ON load_batch FOR EACH ROW EXECUTE FUNCTION wait_at_barrier();
      """)
    holder = consume connection
  }

  /// Unblocks the loads, and waits until the sessions of ended loads are gone.
  ///
  /// - Parameter whileRunning: whether a load is still running; then it does not wait.
  func open(whileRunning: Bool = false) throws {
    holder = nil
    if whileRunning { return }
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try fixture.database.scalar(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(fixture.sessions)'") != "0"
    {
      try #require(clock.now < deadline, "the session of an ended load is still open")
    }
    try fixture.database.execute("DROP TRIGGER wait_at_barrier ON load_batch")
  }
}
