import Dispatch
import Failures
import Records
import Spool
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

/// Compresses chunks and writes them, several at once, each in a thread of its own. Names appear in the chunks' order: that
/// of a chunk's file, then its manifest's, then those of the next chunk.
final class ChunkPress: Sendable {
  private struct State {
    /// Chunks that no thread has taken up yet.
    var waiting: [Job] = []
    /// The turn of the chunk that comes next.
    var turn = Turn()
    /// Memory of chunks that are written, for chunks to come.
    var buffers: [[UInt8]] = []
    var progress: CutProgress
    /// What went wrong with a chunk; none behind it is published.
    var failure: (any Error)?
  }

  private struct Job {
    var chunk: CutChunk
    /// How many of the lanes it takes.
    let lanes: Int
    let turn: Turn
    let next: Turn
  }

  /// Chunks of usual size that are under way at once, each with its bytes in memory: one more than cores, for while one is
  /// flushed, and no more than four, which is more than a download is fast.
  private let lanes = min(4, Workers.coreCount + 1)
  /// A chunk with more bytes is alone under way, or memory would grow with chunks that grow to their bound.
  static let usualBytesMax = 12 << 20
  private let store: any ChunkStore
  private let state: Mutex<State>
  private let freeLanes: DispatchSemaphore
  private let work = DispatchSemaphore(value: 0)
  private let threads = DispatchGroup()

  init(_ store: any ChunkStore, _ progress: CutProgress) throws {
    self.store = store
    state = Mutex(State(progress: progress))
    freeLanes = DispatchSemaphore(value: lanes)
    state.withLock { $0.turn.come() }
    threads.enter()
    let started = BlockingThread.start { [self] in
      // Joined, so that nothing of theirs is left: a process that ends takes libcrypto away from under a thread's hands.
      Workers.run(lanes) { _ in self.run() }
      threads.leave()
    }
    guard started else {
      threads.leave()
      throw Failure(
        .temporary, "this machine gives no more threads",
        hint: "raise the limit of processes (ulimit -u), or run the same command again when fewer are at work")
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

  /// Takes a chunk over. Waits where as many chunks are under way as may be. All chunks come from one thread.
  func take(_ chunk: CutChunk) {
    let taken = chunk.bytes.count > Self.usualBytesMax ? lanes : 1
    for _ in 0..<taken { freeLanes.wait() }
    state.withLock { state in
      let next = Turn()
      state.waiting.append(Job(chunk: chunk, lanes: taken, turn: state.turn, next: next))
      state.turn = next
    }
    work.signal()
  }

  /// Waits until nothing is under way.
  ///
  /// - Throws: what went wrong with a chunk.
  func wait() throws { if let failure { throw failure } }

  /// What went wrong with a chunk. Those under way are waited for.
  var failure: (any Error)? {
    settle()
    return state.withLock { $0.failure }
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
      guard var job = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return }
      do { try press(job.chunk, job.turn) } catch {
        job.turn.wait()
        state.withLock { if $0.failure == nil { $0.failure = error } }
      }
      job.next.come()
      job.chunk.bytes.removeAll(keepingCapacity: job.chunk.bytes.count <= Self.usualBytesMax)
      state.withLock { $0.buffers.append(job.chunk.bytes) }
      for _ in 0..<job.lanes { freeLanes.signal() }
    }
  }

  private func press(_ chunk: CutChunk, _ turn: Turn) throws {
    let position = chunk.position
    let path = store.path(ofChunk: position.chunk)
    var file = try CompressedFile()
    let csv = try chunk.bytes.withUnsafeBytes { try file.fill(with: $0, at: path, records: chunk.records) }
    let manifest = FetchChunkManifest(
      rulesVersion: rulesVersion, chunk: position.chunk, csv: csv, byteOffset: position.offset,
      firstLine: position.line, lines: chunk.lines, firstRecord: position.record, columns: position.columns ?? [],
      sourceDate: position.sourceDate, headerBytes: chunk.headerBytes, structureErrors: chunk.structureErrors,
      tooLongOffsets: chunk.tooLongOffsets)
    // Before the turn, for it is what takes time, even where it then turns out that the very file is there.
    try file.flush()
    turn.wait()
    guard state.withLock({ $0.failure == nil }) else { return }
    if try store.prepare(manifest) { try file.keep() } else { file.drop() }
    let digest = try store.publish(manifest)
    state.withLock { $0.progress.append(manifest, digest: digest) }
  }
}

/// A chunk's turn to appear, which comes once those before it have.
private struct Turn: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func come() { semaphore.signal() }

  /// May be called again.
  func wait() {
    semaphore.wait()
    semaphore.signal()
  }
}
