import Synchronization

/// A table lock that only roles with a right to change the table's rows can hold. It does not block reading or writing,
/// and ends with its transaction, so no pooler keeps it. (Any login may take an advisory lock.)
public final class TableLock: Sendable {
  private let session: Mutex<Connection>

  /// - Parameter session: a session whose ``Connection/lockTable(_:)`` has just returned true.
  public init(_ session: consuming sending Connection) { self.session = Mutex(session) }

  /// - Throws: if the session, and with it the lock, is lost.
  public func requireHeld() throws { try session.withLock { session throws in try session.requireLock() } }

  public func release() { session.withLock { session in session.endTransaction() } }
}

extension Connection {
  /// Locks a table in a transaction that stays open. The transaction keeps no snapshot and has no transaction ID, so
  /// VACUUM does not wait for it.
  ///
  /// - Parameter table: its name, quoted as in a statement.
  /// - Returns: false if another session holds the lock.
  public mutating func lockTable(_ table: String) throws -> Bool {
    try beginTransaction()
    do {
      try perform("LOCK TABLE \(table) IN SHARE UPDATE EXCLUSIVE MODE NOWAIT")
      return true
    } catch {
      endTransaction()
      if let error = error as? PostgresError, error.sqlState == "55P03" { return false }
      throw error
    }
  }

  fileprivate mutating func requireLock() throws {
    guard isInTransaction else { throw lost() }
    try perform("SELECT 1")
  }

  /// Finds the session that holds the lock.
  ///
  /// - Returns: nil if no session holds it, or the server does not show the holder.
  public mutating func lockHolder(_ table: String) throws -> LockHolder? {
    try LockHolder.find(
      """
      l.locktype = 'relation' AND l.relation = pg_catalog.to_regclass($1) AND l.mode IN ('ShareUpdateExclusiveLock',
        'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      """, table, &self)
  }

  /// Finds the session that holds an advisory lock with two keys.
  public mutating func advisoryLockHolder(_ first: Int, _ second: String, of table: String) throws -> LockHolder? {
    try LockHolder.find(
      """
      l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = \(first)
        AND l.objid::bigint = (4294967296 + (\(second))::bigint) % 4294967296
      """, table, &self)
  }
}

/// A session that holds a lock, as far as the server shows it.
public struct LockHolder: Sendable, CustomStringConvertible {
  public let processID: Int?
  /// Whether its user may hold the lock of the table.
  public let mayLock: Bool
  public let description: String

  fileprivate static func find(_ which: String, _ table: String, _ session: inout Connection) throws -> LockHolder? {
    let rows = try session.rows(
      """
      SELECT a.pid, a.usename, a.application_name, a.client_addr,
        pg_catalog.date_trunc('second', a.xact_start) AS since,
        coalesce(pg_catalog.has_table_privilege(a.usesysid, pg_catalog.to_regclass($1), 'UPDATE, DELETE, TRUNCATE'),
          false) AS may_lock
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        AND \(which) LIMIT 1
      """, [table])
    guard let row = rows.first else { return nil }
    let processID = try row.optionalInt("pid")
    var words: [String] = []
    if let application = try row.optionalText("application_name"), !application.isEmpty {
      words.append("'\(application)'")
    }
    if let user = try row.optionalText("usename") { words.append("user '\(user)'") }
    if let client = try row.optionalText("client_addr") { words.append("client \(client)") }
    if let processID { words.append("process \(processID)") }
    if let since = try row.optionalText("since") { words.append("since \(since)") }
    return LockHolder(
      processID: processID, mayLock: try row.bool("may_lock"),
      description: words.isEmpty ? "a prepared transaction" : words.joined(separator: ", "))
  }
}
