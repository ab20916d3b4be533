import Synchronization

/// Work on its own thread, with a result to wait for.
public final class BackgroundTask<Value: Sendable>: Sendable {
  private struct Cancelled: Error {}

  private final class State: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let isCancelled = Atomic(false)

    func perform(_ body: (@escaping @Sendable () throws -> Void) throws -> Value) {
      let result = Result {
        try body { if self.isCancelled.load(ordering: .relaxed) { throw Cancelled() } }
      }
      self.result.withLock { $0 = result }
    }
  }

  private let state: State
  /// Nil if the system could not start a thread; the work is then done already.
  private let thread: JoinableThread?

  /// - Parameter body: the work. It calls the check that it gets from time to time, which throws after ``cancel()``.
  public init(_ body: @escaping @Sendable (@escaping @Sendable () throws -> Void) throws -> Value) {
    let state = State()
    self.state = state
    thread = JoinableThread.start { state.perform(body) }
    if thread == nil { state.perform(body) }
  }

  /// Waits for the end and returns the result. Call it from one thread.
  public func value() throws -> Value {
    thread?.join()
    guard let result = state.result.withLock({ $0 }) else { throw Cancelled() }
    return try result.get()
  }

  /// Asks the work to end, and waits until it has ended.
  public func cancel() {
    state.isCancelled.store(true, ordering: .relaxed)
    thread?.join()
  }
}
