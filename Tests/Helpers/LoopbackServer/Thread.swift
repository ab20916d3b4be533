import Glibc
import Support

/// Runs blocking work (a wait, a child process) on a thread of its own. Swift's own threads are as few as there are
/// cores: a test that blocks one while the client under test runs on another can starve it.
public func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let started = BlockingThread.start { continuation.resume(with: Swift.Result { try body() }) }
    if !started { continuation.resume(throwing: LoopbackError.system(call: "pthread_create", errno: EAGAIN)) }
  }
}
