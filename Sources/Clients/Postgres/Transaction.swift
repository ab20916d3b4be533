import CLibPQ

extension Connection {
  /// Runs `body` in a transaction: returning commits it, throwing rolls it back.
  ///
  /// - Parameter name: its name in fault points.
  @discardableResult
  public mutating func transaction<Result>(
    _ name: String? = nil, _ isolation: Isolation = .readCommitted, _ body: (inout Connection) throws -> Result
  ) throws -> Result {
    transactionName = name
    defer { transactionName = nil }
    try injectFaults(.before, "begin")
    try begin(isolation)
    try injectFaults(.after, "begin")
    do {
      let result = try body(&self)
      try injectFaults(.before, "commit")
      try commit()
      try injectFaults(.after, "commit")
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// Begins a transaction that stays open until ``endTransaction()``, or until the session ends.
  public mutating func beginTransaction() throws { try begin(.readCommitted) }

  /// Rolls back what ``beginTransaction()`` began.
  public mutating func endTransaction() { rollBack() }

  /// Runs `body` in a transaction of its own, unless one is open, so that several reading statements share one BEGIN
  /// and COMMIT. Unlike ``transaction(_:_:_:)`` it has no fault points.
  public mutating func inTransaction<Result>(_ body: (inout Connection) throws -> Result) throws -> Result {
    guard settings != nil, PQtransactionStatus(handle) == PQTRANS_IDLE else { return try body(&self) }
    try begin(.readCommitted)
    do {
      let result = try body(&self)
      try commit()
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  private mutating func begin(_ isolation: Isolation) throws {
    do { try sendBegin(isolation) } catch let error as PostgresError where error.sqlState == "57P05" {
      // The server ended the session because it was idle. Nothing is lost: the session held no state.
      try reopen()
      try sendBegin(isolation)
    }
  }

  private mutating func sendBegin(_ isolation: Isolation) throws {
    guard let settings else {
      try perform(isolation.begin(isReadOnly: false))
      return
    }
    let literals = handle
    let sql = try settings.begin(isolation, serverVersion: serverVersion) { text in
      guard let literal = PQescapeLiteral(literals, text, text.utf8.count) else { throw lost() }
      defer { PQfreemem(literal) }
      return String(cString: literal)
    }
    // The process is unknown until the answer arrives.
    backend = nil
    do {
      backend = try perform(sql).values.first?.last.flatMap { $0.flatMap { Int32($0) } }
    } catch {
      rollBack()
      let refused = try leaveOutSettings(after: error)
      if !refused.isEmpty {
        try sendBegin(isolation)
        return report("the server refuses these settings, which are left out: \(refused.joined(separator: ", "))")
      }
      // A standby refuses read-write mode as not supported; a read-only database refuses the first write.
      guard var refusal = error as? PostgresError, refusal.sqlState == "0A000", !settings.isReadOnly else {
        throw error
      }
      (refusal.kind, refusal.sqlState) = (.refused, "25006")
      throw refusal
    }
  }

  /// Leaves out settings of which the server refuses the name (42704) or the value (22023).
  ///
  /// - Returns: their names; without any, a second attempt would fail, too.
  private mutating func leaveOutSettings(after error: any Error) throws -> [String] {
    guard let error = error as? PostgresError, ["42704", "22023"].contains(error.sqlState) else { return [] }
    let known = try perform("SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings").values.compactMap(\.first)
    let version = serverVersion
    return settings?.leaveOut(unlessIn: Set(known.compactMap(\.self)), serverVersion: version) ?? []
  }

  /// Commits. A stop before COMMIT rolls back. A stop after COMMIT was sent waits up to ten seconds for the answer, so
  /// that the result is known.
  private mutating func commit() throws {
    try stop()
    let asked = stop
    let limit = Limit(seconds: 10)
    stop = { do { try asked() } catch { try limit.check(error) } }
    defer { stop = asked }
    silenceSecondsMax = 10
    defer { silenceSecondsMax = .infinity }
    try perform("COMMIT")
  }

  /// Rolls back the open transaction if the session still works; otherwise the server does it.
  private mutating func rollBack() {
    let state = PQtransactionStatus(handle)
    guard state == PQTRANS_INTRANS || state == PQTRANS_INERROR else { return }
    let asked = stop
    let limit = Limit(seconds: 2)
    stop = { try limit.check(Limit.Over()) }
    defer { stop = asked }
    _ = try? perform("ROLLBACK")
  }
}
