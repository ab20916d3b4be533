import CommandKit
import Glibc
import Postgres
import Support

/// Allows one run at a time per database and schema: a lock on ``table``, held in a session of its own until the run
/// ends. A role that may only read cannot hold it.
package final class RunLock: Sendable {
  /// The table is used for nothing else, so no session waits behind a statement that waits for the lock.
  package static let table = "run_lock"
  /// The table that versions before schema version 6 lock. Until version 6 is applied, it must be locked as well.
  package static let earlierTable = "load_batch"

  private let lock: TableLock

  private init(_ lock: TableLock) { self.lock = lock }

  /// Acquires the lock.
  ///
  /// - Parameter graceSeconds: how long to wait for it: a server takes a while to notice that the run before was killed
  ///   in the middle of a statement.
  /// - Throws: ``LockHeld`` if another run holds the lock.
  static func acquire(
    _ access: DatabaseAccess, table: String = RunLock.table, graceSeconds: Double,
    events: (LoadEvent) -> Void = { _ in }
  ) throws -> RunLock {
    var session = try access.open()
    // The transaction changes nothing, so its statements are not fault points.
    session.hasFaultPoints = false
    let end = MonotonicClock.seconds() + graceSeconds
    while true {
      var holder: LockHolder?
      if try session.lockTable(table) {
        holder = try table == earlierTable ? advisoryHolder(&session) : nil
        guard let other = holder, other.mayLock else {
          if let holder {
            events(.note("ignored an earlier version's lock, since its holder has no right to load: \(holder)"))
          }
          return RunLock(TableLock(session))
        }
        session.endTransaction()
      }
      guard MonotonicClock.seconds() < end else { throw LockHeld(failure: try failure(holder, table, &session)) }
      usleep(100_000)
    }
  }

  /// Acquires the lock, for tests.
  package static func acquire(_ databaseURL: String) throws -> RunLock {
    try acquire(DatabaseAccess(databaseURL, applicationName: "registry-tests", stop: {}), graceSeconds: 0)
  }

  /// Checks that the lock is still held. Called in the transaction that publishes, which locks the load: a run that
  /// gets the run lock later cannot publish before that transaction ends.
  ///
  /// - Throws: if the session that held the lock is lost.
  func requireHeld() throws { try lock.requireHeld() }

  package func release() { lock.release() }

  /// Returns the holder of the advisory lock that still earlier versions use; nil if it is free. Any login can hold
  /// one, so it counts only if its holder may hold ours.
  private static func advisoryHolder(_ session: inout Connection) throws -> LockHolder? {
    // "regi" in ASCII.
    let keyClass = 0x7265_6769
    let schema = """
      (SELECT (oid::bigint - 2147483648)::int FROM pg_catalog.pg_namespace
        WHERE nspname = pg_catalog.current_schema())
      """
    if try session.bool("SELECT pg_catalog.pg_try_advisory_xact_lock(\(keyClass), \(schema))") { return nil }
    return try session.advisoryLockHolder(keyClass, schema, of: earlierTable)
  }

  private static func failure(_ holder: LockHolder?, _ table: String, _ session: inout Connection) throws -> Failure {
    var details = ""
    // A role that may not read the table gets the message without this part.
    let running = try? session.rows(
      """
      SELECT id, pg_catalog.date_trunc('second', updated_at) AS heartbeat FROM etl_job_run WHERE status = 'running'
      ORDER BY id DESC LIMIT 1
      """)
    if let run = running?.first {
      details = ": job run \(try run.int("id")), heartbeat \(try run.text("heartbeat"))"
    }
    if let holder = try holder ?? session.lockHolder(table) { details += "; held by \(holder)" }
    return Failure(
      .temporary, "\(session.place): another run holds the lock\(details)",
      hint:
        "wait for it to end, then run the same command again; end a prepared transaction (pg_prepared_xacts) with ROLLBACK PREPARED"
    )
  }
}

/// Another run holds the lock.
struct LockHeld: Error {
  let failure: Failure
}
