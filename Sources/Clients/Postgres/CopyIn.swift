import CLibPQ

/// Receives the rows of a `COPY … FROM STDIN`. It holds the session during the COPY, so that no other statement can use
/// it.
public struct CopySink: ~Copyable {
  private var session: Connection
  private let name: String?

  fileprivate init(_ session: consuming Connection, _ name: String?) {
    self.session = session
    self.name = name
  }

  /// Sends bytes, split at any position. Returns when all are written to the socket, so that nothing piles up in
  /// memory.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    try session.injectFaults(.before, name)
    try session.send(bytes)
    try session.injectFaults(.after, name)
  }

  fileprivate consuming func end() -> Connection { session }
}

extension Connection {
  /// Runs `COPY … FROM STDIN`. If `body` returns, the COPY ends; if it throws, the COPY is aborted and no row stays.
  ///
  /// - Returns: the number of rows that the server stored.
  public mutating func copyIn(_ sql: String, _ body: (inout CopySink) throws -> Void) throws -> Int {
    let name = faultName(sql)
    try injectFaults(.before, name)
    let rows = try inTransaction { try $0.copyIn(sql, name, body) }
    try injectFaults(.after, name)
    return rows
  }

  private mutating func copyIn(_ sql: String, _ name: String?, _ body: (inout CopySink) throws -> Void) throws
    -> Int
  {
    try begin(sql, expecting: PGRES_COPY_IN)
    do {
      var problem: (any Error)?
      var sink = CopySink(self, name.map { $0 + " rows" })
      do { try body(&sink) } catch { problem = error }
      self = sink.end()
      if let problem { throw problem }
    } catch {
      if PQputCopyEnd(handle, "aborted by the client") == 1 { _ = try? flush() }
      // If the server failed before the abort, its error is the cause. Its error about the abort itself is ignored.
      let answer = serverError()
      abandonStatement()
      if error is EarlyEnd, let answer { throw answer }
      throw error is EarlyEnd ? lost() : error
    }
    do {
      guard PQputCopyEnd(handle, nil) == 1 else { throw lost() }
      try flush()
      return try finishStatement().affected
    } catch {
      abandonStatement()
      throw error
    }
  }

  /// The server ended the COPY while we were still writing; its reason follows as the statement's result.
  private struct EarlyEnd: Error {}

  fileprivate mutating func send(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      // Messages of at most 1 MiB.
      let count = min(rest.count, 1 << 20)
      switch PQputCopyData(handle, base.assumingMemoryBound(to: CChar.self), Int32(count)) {
      case 1: rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      case 0: break
      default: throw EarlyEnd()
      }
      try flush()
      guard PQstatus(handle) != CONNECTION_BAD else { throw EarlyEnd() }
    }
  }

  private mutating func serverError() -> PostgresError? {
    do {
      _ = try finishStatement()
      return nil
    } catch { return error as? PostgresError }
  }

  /// Sends a COPY and reads the server's first result.
  mutating func begin(_ sql: String, expecting: ExecStatusType) throws {
    try stop()
    guard PQsendQuery(handle, sql) == 1 else { throw lost() }
    do {
      try flush()
      guard let result = try nextResult() else { throw lost() }
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      if status == expecting { return }
      guard status == PGRES_FATAL_ERROR else {
        throw PostgresError(.statement, message: "the statement is not a COPY in the expected direction", place: place)
      }
      let reason = error(result)
      _ = try? finishStatement()
      throw reason
    } catch {
      abandonStatement()
      throw error
    }
  }
}
