import CLibPQ
import Glibc
import Support
import Synchronization

/// A span of time that begins when it is first asked.
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
  /// - Returns: the events that are there, 0 after the time is up or a signal came.
  static func wait(_ socket: Int32, for events: Int32, milliseconds: Int32) -> Int32 {
    var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
    return poll(&entry, 1, milliseconds) > 0 ? Int32(entry.revents) : 0
  }
}

extension Connection {
  /// Waits for the socket in slices, so that ``stop`` is asked in between.
  ///
  /// - Returns: the events that are there.
  mutating func wait(for events: Int32) throws -> Int32 {
    var silence = DeadConnectionProbe(seconds: target.silenceSeconds)
    while true {
      try stop()
      let socket = PQsocket(handle)
      guard socket >= 0 else { throw lost() }
      let ready = Socket.wait(socket, for: events, milliseconds: 200)
      if ready != 0 { return ready }
      try probeConnection(&silence)
    }
  }

  /// Sends what libpq has buffered. Input is taken in meanwhile: a server that waits for us to read does not read.
  mutating func flush() throws {
    while true {
      let state = PQflush(handle)
      if state == 0 { return }
      guard state == 1 else { throw lost() }
      if try wait(for: POLLIN | POLLOUT) & POLLIN != 0, PQconsumeInput(handle) == 0 { throw lost() }
    }
  }

  /// The next result of the statement that is under way, nil after the last.
  mutating func nextResult() throws -> OpaquePointer? {
    while PQisBusy(handle) != 0 {
      _ = try wait(for: POLLIN)
      if PQconsumeInput(handle) == 0 { throw lost() }
    }
    return PQgetResult(handle)
  }

  /// Reads the statement under way to its end.
  ///
  /// - Returns: the last result that carries something.
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
        // COPY where no COPY was expected: the caller's SQL. The session cannot go on from here.
        throw PostgresError(.statement, message: "COPY needs copyIn or copyOut", place: place)
      default: if first == nil { first = error(result) }
      }
    }
    if let first { throw first }
    return rows
  }

  /// Ends the statement under way because its caller is leaving: asks the server to cancel it and reads what it still
  /// sends, for two seconds at most. Where that is not enough the session is of no use, and every later call says so.
  mutating func abandonStatement() {
    guard PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    let asked = stop
    let limit = Limit(seconds: 2)
    stop = { try limit.check(Limit.Over()) }
    defer { stop = asked }
    let isCancelled = sendCancel()
    // Asked at each turn: a COPY that is not over hands out the same result again and again, without waiting.
    while (try? stop()) != nil, let result = try? nextResult() {
      let state = PQresultStatus(result)
      PQclear(result)
      if state == PGRES_COPY_IN, PQputCopyEnd(handle, "abandoned") != 1 { break }
      if state == PGRES_COPY_OUT { while discardCopyRow() {} }
    }
    // A request that is still on its way would hit the next statement.
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

  /// The connection broke, or was given up.
  func lost() -> PostgresError {
    let text = String(cString: PQerrorMessage(handle))
    if let (sqlState, message) = ConnectionAttempt.refusal(in: text) {
      return PostgresError(
        .init(sqlState: sqlState, message: message), sqlState: sqlState, message: message, place: place)
    }
    let line = text.split(separator: "\n").first.map(String.init)
    return PostgresError(.temporary, message: line ?? "the connection is gone", place: place)
  }
}

/// A copy of what is needed to reach the server, independent of the session.
///
/// Why it may be Sendable: the type is not copyable, so one thread at a time owns the pointer. PQgetCancel copies
/// all that is needed; PQcancel only reads it, so libpq allows it from another thread; PQfreeCancel only frees it.
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
