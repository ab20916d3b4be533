import Glibc

/// The box in which a closure travels through `pthread_create`.
private final class Errand: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }
}

/// Starts a detached thread.
func startThread(_ body: @escaping @Sendable () -> Void) throws {
  let box = Unmanaged.passRetained(Errand(body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { raw in
      if let raw { Unmanaged<Errand>.fromOpaque(raw).takeRetainedValue().body() }
      return nil
    }, box.toOpaque())
  guard code == 0 else {
    box.release()
    throw LoopbackError.system(call: "pthread_create", errno: code)
  }
  pthread_detach(thread)
}

/// Runs blocking work (a wait, a child process) on a thread of its own. Swift's own threads are as few as there are
/// cores: a test that blocks one while the client under test runs on another can starve it.
public func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    do {
      try startThread { continuation.resume(with: Swift.Result { try body() }) }
    } catch {
      continuation.resume(throwing: error)
    }
  }
}
