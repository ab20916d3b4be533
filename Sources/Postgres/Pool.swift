import CLibPQ
import Dispatch
import Synchronization
import Threads

/// Sessions for many callers at once, a thread each, for libpq blocks. A session that is lost is opened anew for the next
/// caller.
public final class Pool: Sendable {
  /// Too many callers are waiting already.
  public struct Full: Error {}
  /// The pool was closed.
  public struct Closed: Error {}

  private struct Job: Sendable {
    let run: @Sendable (inout Connection) -> Void
    let fail: @Sendable (any Error) -> Void
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let jobs = DispatchSemaphore(value: 0)
  private let size: Int
  private let waitingLimit: Int
  private let open: @Sendable (@escaping StopCheck) throws -> Connection

  /// - Parameters:
  ///   - size: how many sessions there are at most; they are opened when they are needed.
  ///   - waitingLimit: how many callers may wait for one.
  ///   - setUp: what a new session runs before its first caller gets it.
  public init(
    _ target: Target, applicationName: String, size: Int, waitingLimit: Int = 200,
    setUp: @escaping @Sendable (inout Connection) throws -> Void = { _ in }
  ) {
    self.size = size
    self.waitingLimit = waitingLimit
    open = { stop in
      var connection = try Connection.open(target, applicationName: applicationName, timeoutSeconds: 5, stop: stop)
      try setUp(&connection)
      return connection
    }
    let started = (0..<size).count { _ in BlockingThread.start { [weak self] in self?.serve() } }
    // Callers would wait for ever.
    if started == 0 { close() }
  }

  /// Lends a session to `body`, which runs on the session's thread. A transaction that it leaves open ends the session.
  ///
  /// - Throws: ``Full``, ``Closed``, what opening a session throws, what `body` throws.
  public func run<Answer: Sendable>(_ body: @escaping @Sendable (inout Connection) throws -> Answer) async throws
    -> Answer
  {
    try await withCheckedThrowingContinuation { continuation in
      let job = Job(
        run: { connection in continuation.resume(with: Result { try body(&connection) }) },
        fail: { continuation.resume(throwing: $0) })
      let problem: (any Error)? = state.withLock { state in
        if state.isClosed { return Closed() }
        if state.jobs.count >= waitingLimit { return Full() }
        state.jobs.append(job)
        return nil
      }
      if let problem { job.fail(problem) } else { jobs.signal() }
    }
  }

  /// Whoever waits or is at work gets ``Closed``.
  public func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.jobs = [] }
      return state.jobs
    }
    for job in waiting { job.fail(Closed()) }
    for _ in 0..<size { jobs.signal() }
  }

  private func serve() {
    while let job = next() {
      do {
        var connection = try open { [weak self] in try self?.checkOpen() }
        job.run(&connection)
        serve(on: &connection)
      } catch {
        job.fail(error)
      }
    }
  }

  /// A session that was idle for long may have died without a word: it is asked before a caller gets it.
  private func serve(on connection: inout Connection) {
    var lastUse = Clock.seconds()
    while connection.isFree, let job = next() {
      if Clock.seconds() - lastUse > 1, (try? connection.execute("SELECT 1")) == nil {
        state.withLock { $0.jobs.insert(job, at: 0) }
        jobs.signal()
        return
      }
      job.run(&connection)
      lastUse = Clock.seconds()
    }
  }

  /// The next caller, waited for; nil when the pool is closed.
  private func next() -> Job? {
    while true {
      jobs.wait()
      let (job, isClosed) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
      }
      if job != nil || isClosed { return job }
    }
  }

  private func checkOpen() throws { if state.withLock({ $0.isClosed }) { throw Closed() } }
}

extension Connection {
  /// Whether a transaction is open.
  public var isInTransaction: Bool { PQtransactionStatus(handle) == PQTRANS_INTRANS }

  /// Whether it is there, with no statement and no transaction open.
  var isFree: Bool { !isLost && PQtransactionStatus(handle) == PQTRANS_IDLE }
}
