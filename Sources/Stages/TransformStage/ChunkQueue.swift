import CommandKit
import Dispatch
import Spool
import Support
import Synchronization

/// Chunks that wait for a worker of this process.
package final class ChunkQueue: Sendable {
  private struct State {
    var waiting: [SnapshotPlan.Chunk]
    /// Chunks that another process holds: waited for when nothing else is left.
    var held: [SnapshotPlan.Chunk] = []
    /// Then there is no next one, also of what a worker takes back later.
    var hasFailed = false
  }

  private let count: Int
  private let state: Mutex<State>

  package init(_ chunks: [SnapshotPlan.Chunk]) {
    count = chunks.count
    state = Mutex(State(waiting: chunks.reversed()))
  }

  /// Runs `body` on so many threads, or fewer where there are fewer chunks, and waits for all of them. Each takes
  /// chunks until there is no next one.
  ///
  /// - Throws: what the first thread that failed threw. The others end with the chunk that they have.
  package func run(threads: Int, _ body: @escaping @Sendable (ChunkQueue) throws -> Void) throws {
    guard count > 0 else { return }
    try Workers.run(min(threads, count)) { _ in
      do { try body(self) } catch {
        self.state.withLock { $0.hasFailed = true }
        throw error
      }
    }
  }

  /// The next chunk, and whether to wait for a process that holds it; nil where all are taken, and once a
  /// thread has failed.
  package func next() throws -> (chunk: SnapshotPlan.Chunk, wait: Bool)? {
    try StopSignal.check()
    return state.withLock { state in
      if state.hasFailed { return nil }
      if let chunk = state.waiting.popLast() { return (chunk, false) }
      return state.held.popLast().map { ($0, true) }
    }
  }

  /// Takes a chunk back that another process holds.
  package func postpone(_ chunk: SnapshotPlan.Chunk) { state.withLock { $0.held.append(chunk) } }
}

/// Lets so many chunks be validated at once. There is one worker more: it validates while another's files are flushed,
/// which takes a disk and no core.
struct CPUSlots: Sendable {
  /// Workers to start. Where one chunk is validated at a time, everything has its order, and one worker does it.
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
