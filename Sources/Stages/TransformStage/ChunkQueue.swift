import CommandKit
import Dispatch
import Spool
import Support
import Synchronization

/// The chunks that wait for a worker of this process.
package final class ChunkQueue: Sendable {
  private struct State {
    var waiting: [SnapshotPlan.Chunk]
    /// Chunks that another process has locked. Workers wait for them when no other chunk is left.
    var held: [SnapshotPlan.Chunk] = []
    /// Whether a worker has failed. Then no further chunk is returned, including chunks that are postponed later.
    var hasFailed = false
  }

  private let count: Int
  private let state: Mutex<State>

  package init(_ chunks: [SnapshotPlan.Chunk]) {
    count = chunks.count
    state = Mutex(State(waiting: chunks.reversed()))
  }

  /// Runs `body` on `threads` threads, but at most one per chunk, and waits for all of them. Each thread takes chunks
  /// until ``next()`` returns nil.
  ///
  /// - Throws: the error of the first thread that failed. The others end after their current chunk.
  package func run(threads: Int, _ body: @escaping @Sendable (ChunkQueue) throws -> Void) throws {
    guard count > 0 else { return }
    try Workers.run(min(threads, count)) { _ in
      do { try body(self) } catch {
        self.state.withLock { $0.hasFailed = true }
        throw error
      }
    }
  }

  /// Returns the next chunk, and whether to wait for the process that has locked it; nil if no chunk is left or a
  /// thread has failed.
  package func next() throws -> (chunk: SnapshotPlan.Chunk, wait: Bool)? {
    try StopSignal.check()
    return state.withLock { state in
      if state.hasFailed { return nil }
      if let chunk = state.waiting.popLast() { return (chunk, false) }
      return state.held.popLast().map { ($0, true) }
    }
  }

  /// Puts back a chunk that another process has locked.
  package func postpone(_ chunk: SnapshotPlan.Chunk) { state.withLock { $0.held.append(chunk) } }
}

/// Limits how many chunks are validated at once. There is one more worker: it validates while another worker flushes
/// its files, which needs no core.
struct CPUSlots: Sendable {
  /// Number of workers to start. With one job there is one worker, so that all steps have a fixed order.
  let workers: Int
  private let free: DispatchSemaphore

  init(jobs: Int) {
    workers = jobs == 1 ? 1 : jobs + 1
    free = DispatchSemaphore(value: jobs)
  }

  func use<Result>(_ body: () throws -> Result) rethrows -> Result {
    free.wait()
    defer { free.signal() }
    return try body()
  }
}
