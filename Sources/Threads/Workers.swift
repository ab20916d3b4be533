import Glibc
import Synchronization

/// Threads for work that blocks: files, compression, libpq. Swift's own pool has a thread a core and must not be
/// blocked; these come and go with the work.
public enum Workers {
  /// Runs `body` on `count` threads at once, each with its number from 0, and waits for all of them.
  ///
  /// - Throws: the first error that one of them threw. The others are not stopped: a body that takes its work from a
  ///   shared place sees there that it is over.
  public static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    if count == 1 { return try body(0) }
    let work = Work(body)
    var threads: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(work)
      let result = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().perform() }
          return nil
        }, context.toOpaque())
      if result != 0 {
        // With one thread at least the work gets done.
        context.release()
        break
      }
      threads.append(thread)
    }
    if threads.isEmpty { work.perform() }
    for thread in threads { pthread_join(thread, nil) }
    if let error = work.firstError { throw error }
  }

  private final class Work: Sendable {
    private let body: @Sendable (Int) throws -> Void
    private let next = Atomic<Int>(0)
    private let error = Mutex<(any Error)?>(nil)

    init(_ body: @escaping @Sendable (Int) throws -> Void) { self.body = body }

    var firstError: (any Error)? { error.withLock { $0 } }

    func perform() {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      do { try body(number) } catch { self.error.withLock { if $0 == nil { $0 = error } } }
    }
  }

  /// How many cores are online.
  public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
