import CommandKit
import Glibc
import Postgres
import Support

/// One run at a time per database and schema: a lock of ``table``, held in a session of its own for as long as the run
/// takes. A role that may only read cannot hold it.
package final class RunLock: Sendable {
  /// Nothing else is done with it, so nobody waits behind a statement that waits for the lock.
  package static let table = "run_lock"
  /// What versions before schema version 6 lock. Until that version is applied, it is to be locked as well.
  package static let earlierTable = "load_batch"

  private let lock: TableLock

  private init(_ lock: TableLock) { self.lock = lock }

  /// - Parameter graceSeconds: how long a server takes to notice that the run before was killed in the middle of a
  ///   statement.
  static func acquire(
    _ access: DatabaseAccess, table: String = RunLock.table, graceSeconds: Double,
    events: (LoadEvent) -> Void = { _ in }
  ) throws -> RunLock {
    var session = try access.open()
    // The transaction changes nothing, so nothing can be lost.
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

  /// The same for tests.
  package static func acquire(_ databaseURL: String) throws -> RunLock {
    try acquire(DatabaseAccess(databaseURL, applicationName: "registry-tests", stop: {}), graceSeconds: 0)
  }

  /// Called in the transaction that publishes, which locks the load: a run that gets the lock later cannot publish
  /// before that transaction ends.
  ///
  /// - Throws: where the session that held the lock is gone.
  func requireHeld() throws { try lock.requireHeld() }

  package func release() { lock.release() }

  /// Still earlier versions hold an advisory lock. Any login can hold one, so it counts only if its holder could hold
  /// ours.
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
    var message = "\(session.place): another run holds the lock"
    // A role that may not read the table still gets the rest of the message.
    let running = try? session.rows(
      """
      SELECT id, pg_catalog.date_trunc('second', updated_at) AS heartbeat FROM etl_job_run WHERE status = 'running'
      ORDER BY id DESC LIMIT 1
      """)
    if let run = running?.first {
      message += ": job run \(try run.int("id")), heartbeat \(try run.text("heartbeat"))"
    }
    if let holder = try holder ?? session.lockHolder(table) { message += "; held by \(holder)" }
    return Failure(
      .temporary, message,
      hint:
        "wait for it to end, then run the same command again; a prepared transaction ends with ROLLBACK PREPARED (pg_prepared_xacts)"
    )
  }
}

/// Another run has the lock.
struct LockHeld: Error {
  let failure: Failure
}
