import Synchronization

/// Work on a thread of its own, whose result somebody waits for.
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
  /// Nil where the system has no thread left; then the work is done already.
  private let thread: JoinableThread?

  /// - Parameter body: asks the check that it is given from time to time, which throws after ``cancel()``.
  public init(_ body: @escaping @Sendable (@escaping @Sendable () throws -> Void) throws -> Value) {
    let state = State()
    self.state = state
    thread = JoinableThread.start { state.perform(body) }
    if thread == nil { state.perform(body) }
  }

  /// Waits for the end. Call it from one thread.
  public func value() throws -> Value {
    thread?.join()
    guard let result = state.result.withLock({ $0 }) else { throw Cancelled() }
    return try result.get()
  }

  /// Ends the work, and waits until it has ended.
  public func cancel() {
    state.isCancelled.store(true, ordering: .relaxed)
    thread?.join()
  }
}
