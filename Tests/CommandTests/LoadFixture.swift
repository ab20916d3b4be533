import Postgres
import ReferenceImplementation
import Spool
import TestCluster
import TestSupport
import Testing

/// A workshop with a finalized snapshot of a dirty source, and an empty schema to load it into.
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

  /// How the server knows the sessions of this fixture's loads.
  var sessions: String { database.name }

  var variables: [String: String] {
    ["DATABASE_URL": database.url + "&application_name=\(sessions)", "LOG_FORMAT": "json", "MAX_REJECTS": "100%"]
  }

  func start(_ arguments: String...) throws -> Running {
    try workshop.command("load", arguments, variables).start()
  }

  func load(_ arguments: String...) throws -> Ended { try workshop.command("load", arguments, variables).run() }

  /// Has the schema made by a load that is refused, without publishing anything.
  func makeSchema() throws {
    expect(
      try workshop.run("load", "--max-rejects", "0", variables: ["DATABASE_URL": database.url]), from: "load",
      fails: 65, saying: "refused")
    #expect(try published() == [0, 0])
  }

  /// Rows of the two tables at one instant, as any reader sees them.
  func published() throws -> [Int?] {
    try database.execute("SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry)")
      .values[0].map { $0.flatMap { Int($0) } }
  }

  var all: [Int?] { [reference.registrations.count, reference.industries.count] }

  /// Expects the registry to be what the reference made of the source, row by row.
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
    // Findings and sums are the spool's.
    (observed.findings, observed.totals) = (reference.findings, reference.totals)
    var expected = reference
    expected.registrations.sort { $0.ban < $1.ban }
    expected.industries.sort { ($0.ban, $0.order) < ($1.ban, $1.order) }
    let difference = observed.difference(from: expected)
    #expect(difference == nil, sourceLocation: sourceLocation)
  }

  /// Statuses of the job runs, in order.
  func jobs() throws -> [String] { try database.rows("SELECT status FROM etl_job_run ORDER BY id") }
}

/// Stops loads before a batch is entered in the ledger, until it is let go of.
final class Barrier {
  private let fixture: LoadFixture
  /// The session that holds it.
  private var holder: Connection?

  /// - Parameter batch: the last one that gets through.
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

  /// Lets everybody through, and waits for sessions of loads that are no more.
  ///
  /// - Parameter whileRunning: whether a load is at it still.
  func open(whileRunning: Bool = false) throws {
    holder = nil
    if whileRunning { return }
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try fixture.database.scalar(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(fixture.sessions)'") != "0"
    {
      try #require(clock.now < deadline, "a session of a load that is no more stays")
    }
    try fixture.database.execute("DROP TRIGGER wait_at_barrier ON load_batch")
  }
}
