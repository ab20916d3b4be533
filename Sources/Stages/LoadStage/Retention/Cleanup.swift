import CommandKit
import Postgres
import Spool
import Support

/// What a clean-up has freed.
public struct Freed: Codable, Sendable, Equatable {
  /// A snapshot, and how many bytes of it were freed.
  public struct Part: Codable, Sendable, Equatable {
    public var snapshot: String
    public var bytes: Int
  }

  public var removed: [Part] = []
  /// Snapshots whose transform files were removed; transform can rebuild them.
  public var stripped: [Part] = []
  /// Snapshots that were not freed because another process uses them.
  public var inUse: [String] = []
  /// Deleted rows of data_import_error.
  public var findings = 0
  /// Deleted rows of registration_change.
  public var changes = 0

  public init() {}

  public var bytes: Int { (removed + stripped).reduce(0) { $0 + $1.bytes } }
}

/// Removes old snapshots, files that can be rebuilt, and expired rows of the database. It holds the run's lock, so no
/// load into this database runs meanwhile.
public enum Cleanup {
  /// Cleans up the spool and the database.
  ///
  /// - Parameter databaseURL: nil if there is no database.
  public static func run(
    _ databaseURL: String?, spool: String, _ limits: RetentionLimits, applicationName: String = "registry-gc",
    lockGraceSeconds: Double = 2, stop: @escaping StopCheck = { try StopSignal.check() }
  ) throws -> Freed {
    do {
      guard let databaseURL else { return try clean(spool, limits, published: [], wanted: loaded(spool), stop) }
      let access = try DatabaseAccess(databaseURL, applicationName: applicationName, stop: stop)
      var session = try access.open()
      guard try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL") else {
        return try clean(spool, limits, published: [], wanted: loaded(spool), stop)
      }
      try Migrator.requireCurrent(&session)
      let lock: RunLock
      do {
        lock = try RunLock.acquire(access.inSchema(of: session), graceSeconds: lockGraceSeconds)
      } catch let held as LockHeld { throw held.failure }
      defer { lock.release() }
      let last = try session.rows("SELECT snapshot FROM publication ORDER BY id DESC LIMIT 1")
      let published = try last.first?.snapshotID("snapshot")
      // If nothing was published here, the spool may serve another database.
      let wanted =
        published == nil
        ? try loaded(spool) : Set([published, try Rollback.target(&session, spool: spool)].compactMap { $0 })
      let ever = try session.rows("SELECT DISTINCT snapshot FROM publication WHERE whole")
      var freed = try clean(
        spool, limits, published: Set(ever.map { try $0.snapshotID("snapshot") }), wanted: wanted, stop)
      try DatabaseCleanup(limits: limits).perform(&session, &freed)
      return freed
    } catch { throw Failure(from: error) }
  }

  /// Returns every snapshot that was ever loaded: without a database, any of them may be the published one.
  private static func loaded(_ spool: String) throws -> Set<SnapshotID> {
    Set(
      try SpoolIndex.snapshots(spool).filter { id in
        try !Folder.names(SnapshotFolder(spool: spool, id: id).changesFolder).isEmpty
      })
  }

  private static func clean(
    _ spool: String, _ limits: RetentionLimits, published: Set<SnapshotID>, wanted: Set<SnapshotID>, _ stop: StopCheck
  ) throws -> Freed {
    var freed = Freed()
    try SpoolCleanup(spool: spool, keep: limits.snapshots, published: published, wanted: wanted)
      .perform(&freed, stop: stop)
    return freed
  }
}
