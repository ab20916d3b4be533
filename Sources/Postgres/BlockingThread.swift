import Glibc

/// A thread of its own for calls that block, such as all of libpq: on the cooperative pool of Swift concurrency they
/// would starve everything else.
public enum BlockingThread {
  public static func start(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Box(body: body))
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, { argument in
      guard let argument else { return nil }
      Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, box.toOpaque())
    guard code == 0 else {
      // Out of threads: the work is done late rather than not at all.
      box.takeRetainedValue().body()
      return
    }
    pthread_detach(thread)
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
