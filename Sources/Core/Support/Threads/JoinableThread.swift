import Dispatch
import Glibc
import Synchronization

/// A thread that can be joined. Join threads that call a C library before the process ends: exit() releases the
/// library's memory, and a thread inside the library would crash.
public final class JoinableThread: Sendable {
  private let ended = DispatchSemaphore(value: 0)
  private let thread = Mutex<pthread_t?>(nil)

  private init() {}

  /// Starts a thread.
  ///
  /// - Returns: nil if the system cannot start one; `body` is then not called.
  public static func start(_ body: @escaping @Sendable () -> Void) -> JoinableThread? {
    let handle = JoinableThread()
    let box = Unmanaged.passRetained(
      Box { [ended = handle.ended] in
        body()
        ended.signal()
      })
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      return nil
    }
    handle.thread.withLock { $0 = thread }
    return handle
  }

  /// Waits for the thread's end. Call it from one thread.
  ///
  /// - Parameter seconds: maximum time to wait; nil to wait without limit.
  /// - Returns: whether the thread has ended.
  @discardableResult
  public func join(seconds: Double? = nil) -> Bool {
    guard let joined = thread.withLock({ $0 }) else { return true }
    if let seconds {
      guard ended.wait(timeout: .now() + seconds) == .success else {
        ProcessEnd.leavesThread()
        return false
      }
    } else {
      ended.wait()
    }
    thread.withLock { $0 = nil }
    pthread_join(joined, nil)
    return true
  }

  deinit { thread.withLock { if let thread = $0 { pthread_detach(thread) } } }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

/// A thread for calls that block, such as all of libpq. On Swift concurrency's cooperative pool they would starve
/// everything else.
public enum BlockingThread {
  /// Starts a thread.
  ///
  /// - Returns: false if the system cannot start one; `body` is then not called.
  @discardableResult
  public static func start(_ body: @escaping @Sendable () -> Void) -> Bool { JoinableThread.start(body) != nil }
}

/// Ends the process. exit() releases the memory of libraries, and a thread inside one of them would crash. So after a
/// thread that could not be joined, the process ends with _exit().
public enum ProcessEnd {
  private static let hasThread = Atomic(false)

  /// Notes that a thread is left that may be inside a C library.
  public static func leavesThread() { hasThread.store(true, ordering: .relaxed) }

  public static func exit(_ code: Int32) -> Never {
    guard hasThread.load(ordering: .relaxed) else { Glibc.exit(code) }
    fflush(nil)
    _exit(code)
  }
}
