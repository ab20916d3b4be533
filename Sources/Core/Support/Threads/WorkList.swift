import Synchronization

/// Work that several threads take from one list. The first one that fails ends it for all.
public final class WorkList<Item: Sendable>: Sendable {
  private struct State {
    /// The next one last.
    var waiting: [Item]
    var error: (any Error)?
  }

  private let count: Int
  private let state: Mutex<State>

  public init(_ items: [Item]) {
    count = items.count
    state = Mutex(State(waiting: items.reversed()))
  }

  /// - Returns: nil where all are taken, and once a thread has failed.
  public func next() -> Item? { state.withLock { $0.error == nil ? $0.waiting.popLast() : nil } }

  /// Whether a thread has failed. One that works on an item for long asks, and throws whatever it likes.
  public var hasFailed: Bool { state.withLock { $0.error != nil } }

  /// Runs `body` on so many threads, or fewer where there are fewer items; each takes items until there is no next one.
  ///
  /// - Throws: what the first thread that failed threw, when all have ended.
  public func run(threads: Int, _ body: @escaping @Sendable (WorkList) throws -> Void) throws {
    guard count > 0 else { return }
    Workers.run(min(threads, count)) { _ in
      do { try body(self) } catch { self.state.withLock { if $0.error == nil { $0.error = error } } }
    }
    if let error = state.withLock({ $0.error }) { throw error }
  }
}
