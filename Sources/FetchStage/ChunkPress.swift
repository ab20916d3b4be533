import Dispatch
import Failures
import Records
import Spool
import StageKit
import Synchronization
import Threads

/// A chunk that is cut, and what its manifest will say of it.
struct CutChunk: Sendable {
  var bytes: [UInt8]
  let position: CutPosition
  let records: Int
  let lines: Int
  let headerBytes: Int
  let structureErrors: Int
  let tooLongOffsets: [Int]
}

/// Compresses chunks and writes them, each in a thread of its own, and publishes them in their order.
final class ChunkPress: Sendable {
  private struct State {
    /// Chunks that no thread has taken up yet.
    var waiting: [CutChunk] = []
    /// Memory of chunks that are written, for chunks to come.
    var buffers: [[UInt8]] = []
    /// Chunks that are written and wait for one before them.
    var written: [Int: FetchChunkManifest] = [:]
    var progress: CutProgress
    var failure: (any Error)?
  }

  /// Chunks that are under way at once, each with its bytes in memory: one more than cores, for while one is flushed.
  private let lanes = min(4, Workers.coreCount + 1)
  private let store: any ChunkStore
  private let state: Mutex<State>
  private let freeLanes: DispatchSemaphore
  private let work = DispatchSemaphore(value: 0)
  private let threads = DispatchGroup()

  init(_ store: any ChunkStore, _ progress: CutProgress) throws {
    self.store = store
    state = Mutex(State(progress: progress))
    freeLanes = DispatchSemaphore(value: lanes)
    threads.enter()
    let started = BlockingThread.start { [self] in
      // Joined, so that nothing of theirs is left: a process that ends takes libcrypto away from under a thread's hands.
      Workers.run(lanes) { _ in self.run() }
      threads.leave()
    }
    guard started else {
      threads.leave()
      throw Failure(.temporary, "this machine has no thread left", hint: "run the same command again")
    }
  }

  /// Nothing more comes: waits for what is under way, and ends the threads.
  func close() {
    for _ in 0..<lanes { work.signal() }
    threads.wait()
  }

  /// Memory for the bytes of a chunk. Waits where as many chunks are under way as may be.
  ///
  /// - Throws: what went wrong with an earlier chunk.
  func buffer() throws -> [UInt8] {
    freeLanes.wait()
    freeLanes.signal()
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.buffers.popLast() ?? []
    }
  }

  /// Takes a chunk over.
  func take(_ chunk: CutChunk) {
    freeLanes.wait()
    state.withLock { $0.waiting.append(chunk) }
    work.signal()
  }

  /// Waits until nothing is under way.
  ///
  /// - Throws: what went wrong with a chunk.
  func wait() throws {
    settle()
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// Chunks that are finished, as far as all before them are. Those under way are waited for.
  var progress: CutProgress {
    settle()
    return state.withLock { $0.progress }
  }

  private func settle() {
    for _ in 0..<lanes { freeLanes.wait() }
    for _ in 0..<lanes { freeLanes.signal() }
  }

  private func run() {
    while true {
      work.wait()
      guard var chunk = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return }
      do { try press(&chunk) } catch { state.withLock { if $0.failure == nil { $0.failure = error } } }
      freeLanes.signal()
    }
  }

  private func press(_ chunk: inout CutChunk) throws {
    let position = chunk.position
    var file = try CompressedFile()
    let path = store.path(ofChunk: position.chunk)
    let csv = try chunk.bytes.withUnsafeBytes { try file.fill(with: $0, at: path, records: chunk.records) }
    let manifest = FetchChunkManifest(
      rulesVersion: rulesVersion, chunk: position.chunk, csv: csv, byteOffset: position.offset,
      firstLine: position.line, lines: chunk.lines, firstRecord: position.record, columns: position.columns ?? [],
      sourceDate: position.sourceDate, headerBytes: chunk.headerBytes, structureErrors: chunk.structureErrors,
      tooLongOffsets: chunk.tooLongOffsets)
    if try store.prepare(manifest) { try file.keep() } else { file.drop() }
    chunk.bytes.removeAll(keepingCapacity: true)
    try state.withLock { state in
      state.buffers.append(chunk.bytes)
      state.written[position.chunk] = manifest
      while state.failure == nil, let next = state.written.removeValue(forKey: state.progress.position.chunk) {
        state.progress.append(next, digest: try store.publish(next))
      }
    }
  }
}
