import Glibc
import Synchronization

/// Threads for work that blocks: files, compression, libpq. Swift's own pool has one thread per core and must not be
/// blocked. These threads end with their work.
public enum Workers {
  /// Runs `body` on `count` threads at once, each with its number from 0, and waits for all of them.
  ///
  /// - Throws: the first error that a thread threw. The other threads continue; ``WorkList`` stops them.
  public static func run<Problem: Error>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws(Problem) -> Void
  ) throws(Problem) {
    if count == 1 { return try body(0) }
    let first = FirstProblem<Problem>()
    runAll(count) { number in
      do throws(Problem) { try body(number) } catch { first.keep(error) }
    }
    if let problem = first.problem { throw problem }
  }

  private static func runAll(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
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
        // One thread is enough to do the work.
        context.release()
        break
      }
      threads.append(thread)
    }
    if threads.isEmpty { work.perform() }
    for thread in threads { pthread_join(thread, nil) }
  }

  private final class Work: Sendable {
    private let body: @Sendable (Int) -> Void
    private let next = Atomic<Int>(0)

    init(_ body: @escaping @Sendable (Int) -> Void) { self.body = body }

    func perform() { body(next.wrappingAdd(1, ordering: .relaxed).oldValue) }
  }

  private final class FirstProblem<Problem: Error>: Sendable {
    private let state = Mutex<Problem?>(nil)

    var problem: Problem? { state.withLock { $0 } }

    func keep(_ problem: Problem) { state.withLock { if $0 == nil { $0 = problem } } }
  }

  /// Number of cores that are online.
  public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
