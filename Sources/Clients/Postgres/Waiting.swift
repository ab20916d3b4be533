import CLibPQ
import Glibc
import Support
import Synchronization

/// A time limit that starts at the first check.
final class Limit: Sendable {
  struct Over: Error {}

  private let seconds: Double
  private let end = Mutex<Double?>(nil)

  init(seconds: Double) { self.seconds = seconds }

  /// - Throws: the error, once the time is up.
  func check(_ error: any Error) throws {
    let now = MonotonicClock.seconds()
    let isOver = end.withLock { end in
      let known = end ?? now + seconds
      end = known
      return now > known
    }
    if isOver { throw error }
  }
}

final class Flag: Sendable {
  private let state = Mutex(false)

  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}

enum Socket {
  /// - Returns: the events that are ready; 0 after the time-out or a signal.
  static func wait(_ socket: Int32, for events: Int32, milliseconds: Int32) -> Int32 {
    var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
    return poll(&entry, 1, milliseconds) > 0 ? Int32(entry.revents) : 0
  }
}

extension Connection {
  /// Waits for the socket in slices, and calls ``stop`` in between.
  ///
  /// - Returns: the events that are ready.
  mutating func wait(for events: Int32) throws -> Int32 {
    var silence = DeadConnectionProbe(seconds: min(target.silenceSeconds, silenceSecondsMax))
    while true {
      try stop()
      let socket = PQsocket(handle)
      guard socket >= 0 else { throw lost() }
      let ready = Socket.wait(socket, for: events, milliseconds: 200)
      if ready != 0 { return ready }
      try probeConnection(&silence)
    }
  }

  /// Sends what libpq has buffered. Reads input meanwhile: a server that waits for the client to read does not read
  /// itself.
  mutating func flush() throws {
    while true {
      let state = PQflush(handle)
      if state == 0 { return }
      guard state == 1 else { throw lost() }
      if try wait(for: POLLIN | POLLOUT) & POLLIN != 0, PQconsumeInput(handle) == 0 { throw lost() }
    }
  }

  /// Returns the next result of the current statement; nil after the last.
  mutating func nextResult() throws -> OpaquePointer? {
    while PQisBusy(handle) != 0 {
      _ = try wait(for: POLLIN)
      if PQconsumeInput(handle) == 0 { throw lost() }
    }
    return PQgetResult(handle)
  }

  /// Reads the current statement to its end.
  ///
  /// - Returns: the last result, ignoring empty statements.
  /// - Throws: the first error among the results.
  mutating func finishStatement() throws -> Rows {
    var rows = Rows()
    var first: PostgresError?
    while let result = try nextResult() {
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK: rows = Rows(result)
      case PGRES_EMPTY_QUERY: break
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        // A COPY where none was expected is the caller's mistake. The session cannot continue.
        throw PostgresError(.statement, message: "COPY needs copyIn or copyOut", place: place)
      default: if first == nil { first = error(result) }
      }
    }
    if let first { throw first }
    return rows
  }

  /// Abandons the current statement: asks the server to cancel it, and reads the remaining output for at most two
  /// seconds. If that is not enough, shuts down the connection, and every later call fails.
  mutating func abandonStatement() {
    guard PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    let asked = stop
    let limit = Limit(seconds: 2)
    stop = { try limit.check(Limit.Over()) }
    defer { stop = asked }
    let isCancelled = sendCancel()
    // Checked in each turn: an unfinished COPY returns the same result again and again, without waiting.
    while (try? stop()) != nil, let result = try? nextResult() {
      let state = PQresultStatus(result)
      PQclear(result)
      if state == PGRES_COPY_IN, PQputCopyEnd(handle, "abandoned") != 1 { break }
      if state == PGRES_COPY_OUT { while discardCopyRow() {} }
    }
    // A cancel request that is still on its way would hit the next statement.
    while (try? stop()) != nil, !isCancelled.isSet { usleep(1000) }
    if PQtransactionStatus(handle) == PQTRANS_ACTIVE || !isCancelled.isSet {
      shutdown(PQsocket(handle), Int32(SHUT_RDWR))
    }
  }

  /// PQcancel opens a connection and may block without limit, so it gets a thread of its own. The process may end while
  /// it blocks: PQcancel makes system calls and enters no other library.
  private func sendCancel() -> Flag {
    let flag = Flag()
    guard let request = CancelRequest(handle) else {
      flag.set()
      return flag
    }
    let box = Mutex(Optional(request))
    let started = BlockingThread.start {
      box.withLock { $0.take() }?.send()
      flag.set()
    }
    if !started { flag.set() }
    return flag
  }

  private mutating func discardCopyRow() -> Bool {
    var buffer: UnsafeMutablePointer<CChar>?
    let count = PQgetCopyData(handle, &buffer, 1)
    PQfreemem(buffer)
    if count == 0 { return (try? wait(for: POLLIN)) != nil && PQconsumeInput(handle) == 1 }
    return count > 0
  }

  func error(_ result: OpaquePointer) -> PostgresError {
    func field(_ text: UnsafePointer<CChar>?) -> String? { text.map { String(cString: $0) } }
    let message =
      field(registry_result_primary_message(result))
      ?? String(cString: PQresultErrorMessage(result)).split(separator: "\n").first.map(String.init)
      ?? "no reason given"
    guard let sqlState = field(registry_result_sqlstate(result)) else {
      return PostgresError(.temporary, message: message, place: place)
    }
    return PostgresError(
      .init(sqlState: sqlState, message: message), sqlState: sqlState, message: message,
      detail: field(registry_result_detail(result)), context: field(registry_result_context(result)), place: place)
  }

  /// The error of a connection that broke or was closed.
  func lost() -> PostgresError {
    let text = String(cString: PQerrorMessage(handle))
    if let (sqlState, message) = ConnectionAttempt.refusal(in: text) {
      return PostgresError(
        .init(sqlState: sqlState, message: message), sqlState: sqlState, message: message, place: place)
    }
    let line = text.split(separator: "\n").first.map(String.init)
    return PostgresError(.temporary, message: line ?? "the connection is lost", place: place)
  }
}

/// A copy of what a cancel request needs, independent of the session.
///
/// Why it may be Sendable: the type is not copyable and the pointer is private, so one thread at a time owns it, and only
/// `deinit` frees it. PQgetCancel copies all that is needed from the session, and PQcancel only reads that copy: libpq
/// allows it from another thread while the session works.
private struct CancelRequest: ~Copyable, @unchecked Sendable {
  private let request: OpaquePointer

  init?(_ session: OpaquePointer) {
    guard let request = PQgetCancel(session) else { return nil }
    self.request = request
  }

  deinit { PQfreeCancel(request) }

  consuming func send() {
    var complaint = [CChar](repeating: 0, count: 256)
    PQcancel(request, &complaint, Int32(complaint.count))
  }
}
