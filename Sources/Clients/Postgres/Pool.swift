import CLibPQ
import Dispatch
import Glibc
import Support
import Synchronization

/// Sessions for many callers at once, each on its own thread because libpq blocks. A lost session is reopened for the
/// next caller, also if it was lost while idle.
public final class Pool: Sendable {
  /// Thrown if too many callers are waiting.
  public struct Full: Error {}
  /// Thrown if the pool is closed.
  public struct Closed: Error {}

  private struct Job: Sendable {
    let run: @Sendable (inout Connection) -> Void
    let fail: @Sendable (any Error) -> Void
    let isCancelled: Flag
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
    /// Number of threads that have a session.
    var sessions = 0
    var threads: [JoinableThread] = []
  }

  private let state = Mutex(State())
  private let jobs = DispatchSemaphore(value: 0)
  private let waitingLimit: Int
  private let open: @Sendable (@escaping StopCheck) throws -> Connection

  /// - Parameters:
  ///   - size: maximum number of sessions; they are opened on demand.
  ///   - waitingLimit: maximum number of callers that wait for a session.
  ///   - settings: applied at the start of every transaction.
  public init(
    _ target: DatabaseAddress, applicationName: String, size: Int, waitingLimit: Int = 200,
    settings: TransactionSettings = TransactionSettings()
  ) {
    self.waitingLimit = waitingLimit
    open = { stop in
      try Connection.open(
        target, applicationName: applicationName, timeoutSeconds: 5, settings: settings, stop: stop)
    }
    let threads = (0..<size).compactMap { _ in JoinableThread.start { [weak self] in self?.serve() } }
    state.withLock { $0.threads = threads }
    // Without threads, callers would wait forever.
    if threads.isEmpty { close() }
  }

  /// Lends a session to `body`, which runs on the session's thread. A transaction that it leaves open ends the session.
  /// Cancelling the task cancels its current statement.
  ///
  /// - Throws: ``Full``, ``Closed``, `CancellationError`, or the error of the connection attempt or of `body`.
  public func run<Answer: Sendable>(_ body: @escaping @Sendable (inout Connection) throws -> Answer) async throws
    -> Answer
  {
    let isCancelled = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Job(
          run: { connection in continuation.resume(with: Result { try body(&connection) }) },
          fail: { continuation.resume(throwing: $0) }, isCancelled: isCancelled)
        let problem: (any Error)? = state.withLock { state in
          if state.isClosed { return Closed() }
          if state.jobs.count >= waitingLimit { return Full() }
          state.jobs.append(job)
          return nil
        }
        if let problem { job.fail(problem) } else { jobs.signal() }
      }
    } onCancel: {
      isCancelled.set()
    }
  }

  /// Closes the pool. Waiting and active callers get ``Closed``. Waits at most five seconds for the sessions to close.
  public func close() {
    let (waiting, threads) = state.withLock { state in
      state.isClosed = true
      defer { (state.jobs, state.threads) = ([], []) }
      return (state.jobs, state.threads)
    }
    for job in waiting { job.fail(Closed()) }
    jobs.signal()
    let end = MonotonicClock.seconds() + 5
    for thread in threads { thread.join(seconds: max(0, end - MonotonicClock.seconds())) }
  }

  private func serve() {
    while let job = next() {
      do {
        // A pooler grants a session only at the first statement, and may keep it waiting for minutes.
        let limit = state.withLock { $0.sessions > 0 } ? Limit(seconds: 5) : nil
        var connection = try open { [weak self] in
          try self?.check(job)
          try limit?.check(NoSession())
        }
        _ = try connection.bool("SELECT true")
        connection.stop = { [weak self] in try self?.check(job) }
        state.withLock { $0.sessions += 1 }
        defer { state.withLock { $0.sessions -= 1 } }
        job.run(&connection)
        while connection.isFree, let job = next() { lend(&connection, to: job) }
      } catch let error where Self.isShortage(error) && leaveToOthers(job) {
        pause()
      } catch {
        job.fail(error)
      }
    }
  }

  private static func isShortage(_ error: any Error) -> Bool {
    error is NoSession || (error as? PostgresError)?.isShortOfSessions == true
  }

  /// Ends the attempt of a thread to get a session while another one has a session.
  private struct NoSession: Error {}

  /// Puts the caller in the first place of the queue if another thread has a session: the server may grant fewer than
  /// the pool may have.
  private func leaveToOthers(_ job: Job) -> Bool {
    let isLeft = state.withLock { state in
      guard state.sessions > 0, !state.isClosed, !job.isCancelled.isSet else { return false }
      state.jobs.insert(job, at: 0)
      return true
    }
    if isLeft { jobs.signal() }
    return isLeft
  }

  /// Lets the threads that have a session serve the callers for five seconds.
  private func pause() {
    let end = MonotonicClock.seconds() + 5
    while MonotonicClock.seconds() < end, !state.withLock({ $0.isClosed }) { usleep(100_000) }
  }

  private func lend(_ connection: inout Connection, to job: Job) {
    connection.stop = { [weak self] in try self?.check(job) }
    if connection.wasEnded {
      do { try connection.reopen() } catch { return job.fail(error) }
    }
    job.run(&connection)
  }

  /// Waits for the next caller. Returns nil if the pool is closed.
  private func next() -> Job? {
    while true {
      jobs.wait()
      let (job, isClosed) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
      }
      // Signals again for the next thread: every thread must notice the end, and ``close()`` signals only once.
      if isClosed { jobs.signal() }
      if job != nil || isClosed { return job }
    }
  }

  private func check(_ job: Job) throws {
    if state.withLock({ $0.isClosed }) { throw Closed() }
    if job.isCancelled.isSet { throw CancellationError() }
  }
}

extension Connection {
  /// Whether a transaction is open.
  public var isInTransaction: Bool { PQtransactionStatus(handle) == PQTRANS_INTRANS }

  /// Whether a server or pooler has ended the session since its last statement, for instance by a restart. Checks the
  /// socket only. An idle session expects no data, so any data is the server's error or the end.
  var wasEnded: Bool { isLost || Socket.wait(PQsocket(handle), for: POLLIN, milliseconds: 0) != 0 }

  /// Whether the session works, with no statement and no transaction open.
  var isFree: Bool { !isLost && PQtransactionStatus(handle) == PQTRANS_IDLE }
}
