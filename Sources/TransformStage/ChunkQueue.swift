import Spool
import StageKit
import Synchronization

/// Chunks that wait to be judged, shared by the workers of this process.
final class ChunkQueue: Sendable {
  private struct State {
    var waiting: [SnapshotPlan.Chunk]
    /// Chunks that another process holds: waited for when nothing else is left.
    var held: [SnapshotPlan.Chunk] = []
  }

  private let state: Mutex<State>

  init(_ chunks: [SnapshotPlan.Chunk]) { state = Mutex(State(waiting: chunks.reversed())) }

  /// The next chunk, and whether to wait for a process that holds it; nil where all are taken.
  func next() -> (chunk: SnapshotPlan.Chunk, wait: Bool)? {
    state.withLock { state in
      if let chunk = state.waiting.popLast() { return (chunk, false) }
      return state.held.popLast().map { ($0, true) }
    }
  }

  func putBack(_ chunk: SnapshotPlan.Chunk) { state.withLock { $0.held.append(chunk) } }

  /// One worker has failed: the others end with the chunk that they have.
  func abandon() {
    state.withLock {
      $0.waiting = []
      $0.held = []
    }
  }
}
