import Dispatch
import Records
import Spool
import Support
import Synchronization

/// A chunk of the source, and what its manifest will say of it.
struct SplitChunk: Sendable {
  var bytes: [UInt8]
  /// Where it begins.
  let cursor: SourceCursor
  let records: Int
  let lines: Int
  let headerBytes: Int
  let structureErrors: Int
  let tooLongOffsets: [Int]

  func manifest(_ csv: FileEntry) -> FetchChunkManifest {
    FetchChunkManifest(
      rulesVersion: rulesVersion, chunk: cursor.chunk, csv: csv, byteOffset: cursor.offset, firstLine: cursor.line,
      lines: lines, firstRecord: cursor.record, columns: cursor.columns ?? [], sourceDate: cursor.sourceDate,
      headerBytes: headerBytes, structureErrors: structureErrors, tooLongOffsets: tooLongOffsets)
  }
}

/// Compresses chunks on worker threads, several at once, and commits them in the order in which they are given: a
/// chunk's file, then its manifest, then the next chunk.
///
/// It cannot be copied, so chunks come from one owner, in one order.
struct ChunkCompressor: ~Copyable {
  /// A chunk with more bytes is alone under way, or memory would grow with chunks that grow to their bound.
  static let usualBytesMax = 12 << 20

  private let queue: CompressionQueue
  private let threads: JoinableThread
  /// Of the chunk that was given last.
  private var last: Completion

  /// - Parameter committed: chunks that are committed already.
  init(_ snapshot: UnfinishedSnapshot, after committed: CommittedChunks) throws {
    let queue = CompressionQueue(snapshot, committed)
    guard let threads = JoinableThread.start({ Workers.run(queue.slots) { _ in queue.work() } }) else {
      throw Failure(
        .temporary, "this machine gives no more threads",
        hint: "raise the limit of processes (ulimit -u), or run the same command again when fewer are at work")
    }
    self.queue = queue
    self.threads = threads
    last = Completion()
    last.signal()
  }

  /// Joins the threads: a process that ends takes libcrypto's memory away from under a thread that is inside of it.
  deinit {
    queue.close()
    threads.join()
  }

  /// Hands a chunk to the workers. Waits while as many chunks are under way as may be.
  ///
  /// - Returns: memory for the bytes of a chunk to come.
  /// - Throws: why an earlier chunk could not be committed.
  mutating func append(_ chunk: SplitChunk) throws -> [UInt8] {
    let completion = Completion()
    let memory = try queue.add(chunk, after: last, completion)
    last = completion
    return memory
  }

  /// Waits until all chunks are committed.
  ///
  /// - Throws: why one of them could not be.
  consuming func finish() throws -> CommittedChunks { try queue.result() }
}

/// Chunks on their way to the disk, shared by the threads.
private final class CompressionQueue: Sendable {
  private struct State {
    /// Chunks that no thread has taken up yet.
    var waiting: [Job] = []
    /// Memory of chunks that are committed, for chunks to come.
    var memory: [[UInt8]] = []
    var committed: CommittedChunks
    /// Why a chunk could not be committed; then none behind it is.
    var failure: (any Error)?
  }

  private struct Job {
    var chunk: SplitChunk
    let slots: Int
    let predecessor: Completion
    let completion: Completion
  }

  /// Chunks of usual size that are under way at once, each with its bytes in memory: one more than cores, for while one
  /// is flushed, and no more than four, which is more than a download is fast.
  let slots = min(4, Workers.coreCount + 1)
  private let snapshot: UnfinishedSnapshot
  private let state: Mutex<State>
  private let freeSlots: DispatchSemaphore
  private let jobs = DispatchSemaphore(value: 0)

  init(_ snapshot: UnfinishedSnapshot, _ committed: CommittedChunks) {
    self.snapshot = snapshot
    state = Mutex(State(committed: committed))
    freeSlots = DispatchSemaphore(value: slots)
  }

  func add(_ chunk: SplitChunk, after predecessor: Completion, _ completion: Completion) throws -> [UInt8] {
    let taken = chunk.bytes.count > ChunkCompressor.usualBytesMax ? slots : 1
    for _ in 0..<taken { freeSlots.wait() }
    let memory = try state.withLock { state in
      if let failure = state.failure {
        for _ in 0..<taken { freeSlots.signal() }
        throw failure
      }
      state.waiting.append(Job(chunk: chunk, slots: taken, predecessor: predecessor, completion: completion))
      return state.memory.popLast() ?? []
    }
    jobs.signal()
    return memory
  }

  /// Waits until nothing is under way.
  func result() throws -> CommittedChunks {
    for _ in 0..<slots { freeSlots.wait() }
    for _ in 0..<slots { freeSlots.signal() }
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.committed
    }
  }

  /// Nothing more comes: each thread ends when no chunk waits.
  func close() { for _ in 0..<slots { jobs.signal() } }

  /// What each thread does until ``close()``.
  func work() {
    while true {
      jobs.wait()
      guard var job = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return }
      do { try compress(job) } catch {
        job.predecessor.wait()
        state.withLock { if $0.failure == nil { $0.failure = error } }
      }
      job.completion.signal()
      job.chunk.bytes.removeAll(keepingCapacity: job.chunk.bytes.count <= ChunkCompressor.usualBytesMax)
      state.withLock { $0.memory.append(job.chunk.bytes) }
      for _ in 0..<job.slots { freeSlots.signal() }
    }
  }

  private func compress(_ job: Job) throws {
    let chunk = job.chunk
    let path = snapshot.folder.csv(chunk.cursor.chunk)
    var file = try CompressedFile()
    let csv = try chunk.bytes.withUnsafeBytes { try file.fill(with: $0, at: path, records: chunk.records) }
    // Before the chunk's turn, for it is what takes time, even where it then turns out that the very file is there.
    try file.flush()
    job.predecessor.wait()
    guard state.withLock({ $0.failure == nil }) else { return }
    let manifest = chunk.manifest(csv)
    let sha256 = try snapshot.commit(manifest, file: &file)
    state.withLock { $0.committed.append(manifest, sha256: sha256) }
  }
}

/// That a chunk is committed, or never will be: what the chunk behind it waits for.
private struct Completion: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func signal() { semaphore.signal() }

  /// May be called again.
  func wait() {
    semaphore.wait()
    semaphore.signal()
  }
}
