import Glibc
import Synchronization

/// The end of the process. exit() releases what libraries hold in memory, and a thread that is inside of one then
/// crashes: after a thread that could not be joined the process ends by _exit().
public enum ProcessEnd {
  private static let hasThread = Atomic(false)

  /// A thread is left that may be inside a C library.
  public static func leavesThread() { hasThread.store(true, ordering: .relaxed) }

  public static func exit(_ code: Int32) -> Never {
    guard hasThread.load(ordering: .relaxed) else { Glibc.exit(code) }
    fflush(nil)
    _exit(code)
  }
}
