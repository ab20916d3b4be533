import CommandKit
import Postgres
import Support

/// What a database holds, for `./pipeline.sh status`. Read-only: it migrates nothing and waits for no lock.
public struct DatabaseStatus: Codable, Sendable, Hashable {
  /// Whether the database accepted a session. ``problem`` has the error, if there was one.
  public var reachable: Bool
  public var problem: String?
  /// Host, database and user.
  public var place: String?
  /// Nil if nothing was ever loaded here.
  public var schemaVersion: Int?
  public var registry: RegistryState?
  public var lastPublication: LastPublication?
  public var lastJobRun: LastJobRun?

  /// A load without a heartbeat for longer was probably killed.
  public static let silentSecondsMax = 120

  public init(reachable: Bool, problem: String? = nil) {
    self.reachable = reachable
    self.problem = problem
  }

  /// The last row of publication.
  public struct LastPublication: Codable, Sendable, Hashable {
    public var snapshot: String
    public var sourceDate: String?
    public var publishedAt: String
    public var kind: LoadKind
    public var action: LoadAction
    /// The user who accepted it although it was refused.
    public var acceptedBy: String?
    public var whole: Bool
    public var changes: RegistryChanges
  }

  /// The last row of etl_job_run.
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

  /// Queries the database.
  ///
  /// - Throws: if the URL is malformed, or the command is stopped. Other errors are in ``problem``.
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
      // A URL that is malformed, or that names no user, is a usage error.
      if error.kind == .malformed || error.kind == .userless { throw Failure(ofLoad: error) }
      status.problem = Failure(ofLoad: error).message
    } catch let failure as Failure where !failure.isStop {
      status.problem = failure.message
    }
    return status
  }

  /// Checks that the database accepts a session and is not a standby.
  ///
  /// - Throws: the reason if it does not.
  public static func requireAnswer(_ databaseURL: String) throws {
    let access = try DatabaseAccess(
      databaseURL, applicationName: "registry-check", isReadOnly: true, stop: { try StopSignal.check() })
    do {
      var session = try access.open()
      guard try !session.bool("SELECT pg_catalog.pg_is_in_recovery()") else {
        throw Failure(
          .unavailable, "\(session.place) is a standby, which is read-only",
          hint: "name the primary in DATABASE_URL, or several hosts and target_session_attrs=read-write")
      }
    } catch let error as PostgresError { throw Failure(ofLoad: error) }
  }

  private mutating func fill(_ session: inout Connection) throws {
    guard try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL") else { return }
    let version = try session.optionalInt("SELECT max(version) FROM schema_migration")
    schemaVersion = version
    guard let version, version >= Migration.all.count else { return }
    let counts = try session.row(
      """
      SELECT (SELECT count(*) FROM tax_registration) AS registrations,
        (SELECT count(*) FROM business_industry) AS industries
      """)
    registry = RegistryState(registrations: try counts.int("registrations"), industries: try counts.int("industries"))
    let publications = try session.rows(String(sql: PackageResources.status_publication_sql))
    lastPublication = try publications.first.map { row in
      var changes = RegistryChanges()
      changes.inserted = try row.int("inserted")
      changes.updated = try row.int("updated")
      changes.removed = try row.int("removed")
      return LastPublication(
        snapshot: try row.text("snapshot"), sourceDate: try row.optionalText("source_date"),
        publishedAt: try row.text("published_at"), kind: try row.value("kind"), action: try row.value("action"),
        acceptedBy: try row.optionalText("accepted_by"), whole: try row.bool("whole"), changes: changes)
    }
    let runs = try session.rows(String(sql: PackageResources.status_job_run_sql))
    lastJobRun = try runs.first.map { row in
      LastJobRun(
        id: try row.int("id"), status: try row.text("status"), startedAt: try row.text("started_at"),
        updatedAt: try row.text("updated_at"), completedAt: try row.optionalText("completed_at"),
        error: try row.optionalText("error_message"), silentSeconds: try row.optionalInt("silent_seconds"),
        lastSuccessfulBatch: try row.optionalInt("last_successful_batch"),
        totalBatches: try row.optionalInt("total_batches"))
    }
  }
}

extension Failure {
  fileprivate var isStop: Bool {
    if case .stopped = category { return true }
    return false
  }
}
