import Synchronization

/// A list of work that several threads share. The first failure ends the work of all.
public final class WorkList<Item: Sendable>: Sendable {
  private struct State {
    /// In reverse order, so that the next item is the last element.
    var waiting: [Item]
    var error: (any Error)?
  }

  private let count: Int
  private let state: Mutex<State>

  public init(_ items: [Item]) {
    count = items.count
    state = Mutex(State(waiting: items.reversed()))
  }

  /// Takes the next item.
  ///
  /// - Returns: nil if there is none left, or a thread has failed.
  public func next() -> Item? { state.withLock { $0.error == nil ? $0.waiting.popLast() : nil } }

  /// Whether no item is left to take.
  public var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

  /// Whether a thread has failed. Check it during long work on an item, and throw any error then.
  public var hasFailed: Bool { state.withLock { $0.error != nil } }

  /// Runs `body` on `threads` threads, but on no more than there are items. Each takes items until there are none left.
  ///
  /// - Throws: the first error, after all threads have ended.
  public func run(threads: Int, _ body: @escaping @Sendable (WorkList) throws -> Void) throws {
    guard count > 0 else { return }
    Workers.run(min(threads, count)) { _ in
      do { try body(self) } catch { self.state.withLock { if $0.error == nil { $0.error = error } } }
    }
    if let error = state.withLock({ $0.error }) { throw error }
  }
}
