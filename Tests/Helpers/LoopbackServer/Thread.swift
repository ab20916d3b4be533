import Glibc
import Support

/// Runs blocking work (a wait, a child process) on a separate thread. Swift's thread pool has only one thread per core:
/// a test that blocks one can starve the client under test.
public func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let started = BlockingThread.start { continuation.resume(with: Swift.Result { try body() }) }
    if !started { continuation.resume(throwing: LoopbackError.system(call: "pthread_create", errno: EAGAIN)) }
  }
}
