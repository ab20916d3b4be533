import Failures
import Glibc
import Postgres
import StageKit

/// One run at a time per database and schema. The lock ends with the session that took it.
package enum RunLock {
  /// Somebody else has it.
  struct Held: Error {
    let failure: Failure
  }

  /// First half of the advisory lock's key, so that it meets no other program's: "regi" in ASCII.
  private static let keyClass = 0x7265_6769

  /// - Parameter graceSeconds: how long a server takes to notice that the run before was killed in the middle of a
  ///   statement.
  package static func take(_ session: inout Connection, graceSeconds: Double) throws {
    let end = Clock.monotonicSeconds() + graceSeconds
    while try !tryOnce(&session) {
      guard Clock.monotonicSeconds() < end else {
        throw Held(
          failure: Failure(
            .temporary, "\(session.place): another run holds the lock\(try holder(&session))",
            hint: "wait for it to end, then run the same command again"))
      }
      usleep(100_000)
    }
  }

  private static func tryOnce(_ session: inout Connection) throws -> Bool {
    // Advisory locks are per database already; the second half of the key is the schema.
    try session.execute(
      """
      SELECT pg_catalog.pg_try_advisory_lock(\(keyClass), (n.oid::bigint - 2147483648)::int)
      FROM pg_catalog.pg_namespace n WHERE n.nspname = pg_catalog.current_schema()
      """
    ).truth
  }

  /// `: job run 12, heartbeat 2026-…`, as far as it can be told.
  private static func holder(_ session: inout Connection) throws -> String {
    guard try !session.execute("SELECT pg_catalog.to_regclass('etl_job_run') IS NULL").truth else { return "" }
    let row = try? session.execute(
      "SELECT id, pg_catalog.date_trunc('second', updated_at) FROM etl_job_run WHERE status = 'running' ORDER BY id DESC LIMIT 1"
    )
    guard let values = row?.values.first, let id = values[0], let heartbeat = values[1] else { return "" }
    return ": job run \(id), heartbeat \(heartbeat)"
  }
}
