/// A thread of its own for calls that block, such as all of libpq: on the cooperative pool of Swift concurrency they
/// would starve everything else. It is detached; use ``JoinableThread`` to wait for its end.
public enum BlockingThread {
  /// - Returns: false where the system has no thread left; then nothing is done.
  @discardableResult
  public static func start(_ body: @escaping @Sendable () -> Void) -> Bool { JoinableThread.start(body) != nil }
}
