import CommandKit
import Postgres
import Support

/// What a database holds, for `./pipeline.sh status`. Read only: it migrates nothing and waits for no lock.
public struct DatabaseStatus: Codable, Sendable, Hashable {
  /// Whether the database answered; ``problem`` says what it said where it did not.
  public var reachable: Bool
  public var problem: String?
  /// Host, database and user.
  public var place: String?
  /// Nil where nothing was ever loaded here.
  public var schemaVersion: Int?
  public var registry: RegistryState?
  public var lastPublication: LastPublication?
  public var lastJobRun: LastJobRun?

  /// A load that has been silent for longer was probably killed.
  public static let silentSecondsMax = 120

  public init(reachable: Bool, problem: String? = nil) {
    self.reachable = reachable
    self.problem = problem
  }

  public struct LastPublication: Codable, Sendable, Hashable {
    public var snapshot: String
    public var sourceDate: String?
    public var publishedAt: String
    public var kind: LoadKind
    public var action: LoadAction
    /// Who published it although it was refused.
    public var acceptedBy: String?
    public var whole: Bool
    public var changes: RegistryChanges
  }

  public struct LastJobRun: Codable, Sendable, Hashable {
    public var id: Int
    public var status: String
    public var startedAt: String
    /// The heartbeat.
    public var updatedAt: String
    public var completedAt: String?
    public var error: String?
    /// Seconds since the last heartbeat of a run that is not closed. A running load has one every few seconds.
    public var silentSeconds: Int?
    public var lastSuccessfulBatch: Int?
    public var totalBatches: Int?
  }

  /// Asks the database.
  public static func query(
    _ databaseURL: String, applicationName: String = "registry-status",
    stop: @escaping StopCheck = { try StopSignal.check() }
  ) throws -> DatabaseStatus {
    var status = DatabaseStatus(reachable: false)
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, isReadOnly: true, stop: stop)
        .open()
      status.reachable = true
      status.place = session.place
      try session.transaction("status", .snapshot) { try status.fill(&$0) }
    } catch let error as PostgresError {
      // Wrong usage is the caller's, whatever the database would say.
      if error.kind == .malformed { throw Failure(error) }
      status.problem = Failure(error).message
    } catch let failure as Failure where !failure.isStop {
      status.problem = failure.message
    }
    return status
  }

  /// Asks whether the database lets us in and can be loaded into, and no more.
  ///
  /// - Throws: why it does not.
  public static func requireAnswer(_ databaseURL: String) throws {
    let access = try DatabaseAccess(
      databaseURL, applicationName: "registry-check", isReadOnly: true, stop: { try StopSignal.check() })
    do {
      var session = try access.open()
      guard try !session.execute("SELECT pg_catalog.pg_is_in_recovery()").truth else {
        throw Failure(
          .unavailable, "\(session.place) is a standby, which is read-only",
          hint: "name the primary in DATABASE_URL, or several hosts and target_session_attrs=read-write")
      }
    } catch let error as PostgresError { throw Failure(error) }
  }

  private mutating func fill(_ session: inout Connection) throws {
    guard try session.execute("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL").truth else { return }
    schemaVersion = try session.execute("SELECT max(version) FROM schema_migration").number
    guard schemaVersion ?? 0 >= Migration.all.count else { return }
    let counts = try session.execute(
      "SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry)")
    registry = counts.values.first.map {
      RegistryState(registrations: Self.number($0[0]) ?? 0, industries: Self.number($0[1]) ?? 0)
    }
    let publications = try session.execute(
      """
      SELECT snapshot, source_date, \(Self.iso("published_at")), kind, whole, inserted, updated, removed,
        action, accepted_by
      FROM publication ORDER BY id DESC LIMIT 1
      """)
    lastPublication = publications.values.first.map { row in
      var changes = RegistryChanges()
      changes.inserted = Self.number(row[5]) ?? 0
      changes.updated = Self.number(row[6]) ?? 0
      changes.removed = Self.number(row[7]) ?? 0
      return LastPublication(
        snapshot: row[0] ?? "", sourceDate: row[1], publishedAt: row[2] ?? "",
        kind: row[3].flatMap(LoadKind.init) ?? .reconcile, action: row[8].flatMap(LoadAction.init) ?? .load,
        acceptedBy: row[9], whole: row[4] == "t", changes: changes)
    }
    let runs = try session.execute(
      """
      SELECT j.id, j.status, \(Self.iso("j.started_at")), \(Self.iso("j.updated_at")), \(Self.iso("j.completed_at")),
        j.error_message, p.last_successful_batch, p.total_batches,
        CASE WHEN j.status = 'running' THEN
          floor(extract(epoch FROM pg_catalog.clock_timestamp() - j.updated_at))::bigint END
      FROM etl_job_run j LEFT JOIN import_progress p ON p.job_run_id = j.id ORDER BY j.id DESC LIMIT 1
      """)
    lastJobRun = runs.values.first.map { row in
      LastJobRun(
        id: Self.number(row[0]) ?? 0, status: row[1] ?? "", startedAt: row[2] ?? "", updatedAt: row[3] ?? "",
        completedAt: row[4], error: row[5], silentSeconds: Self.number(row[8]),
        lastSuccessfulBatch: Self.number(row[6]), totalBatches: Self.number(row[7]))
    }
  }

  private static func number(_ text: String?) -> Int? { text.flatMap { Int($0) } }

  private static func iso(_ column: String) -> String {
    "pg_catalog.to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
  }
}

extension Failure {
  fileprivate var isStop: Bool {
    if case .stopped = category { return true }
    return false
  }
}
