import Dispatch
import Records
import Spool
import Support
import Synchronization

/// A chunk of the source and the figures for its manifest.
struct SplitChunk: Sendable {
  var bytes: [UInt8]
  /// Where the chunk begins.
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

/// Compresses chunks on worker threads and commits them in the order of the calls of ``append(_:)``: a chunk's file,
/// then its manifest, then the next chunk.
///
/// Not copyable, so that one owner appends the chunks in one order.
struct ChunkCompressor: ~Copyable {
  /// Bytes. A larger chunk takes all slots, so that memory stays bounded when chunks grow to their limit.
  static let usualBytesMax = 12 << 20

  private let queue: CompressionQueue
  private let threads: JoinableThread
  /// The completion of the chunk that was appended last.
  private var last: Completion

  /// - Parameter committed: chunks that are already committed.
  init(_ snapshot: UnfinishedSnapshot, after committed: CommittedChunks) throws {
    let queue = CompressionQueue(snapshot, committed)
    guard let threads = JoinableThread.start({ Workers.run(queue.slots) { _ in queue.work() } }) else {
      throw Failure(
        .temporary, "unable to start threads: the system has reached its limit",
        hint: "raise the process limit (ulimit -u), or run the same command again when fewer processes are running")
    }
    self.queue = queue
    self.threads = threads
    last = Completion()
    last.signal()
  }

  /// Joins the threads: at exit, libcrypto releases memory that a thread inside the library would still use.
  deinit {
    queue.close()
    threads.join()
  }

  /// Queues a chunk for the workers. Waits while all slots are in use.
  ///
  /// - Returns: an empty array, with the memory of an earlier chunk if there is one to reuse.
  /// - Throws: the error of the first chunk that could not be committed.
  mutating func append(_ chunk: SplitChunk) throws -> [UInt8] {
    let completion = Completion()
    let memory = try queue.add(chunk, after: last, completion)
    last = completion
    return memory
  }

  /// Waits until all chunks are committed.
  ///
  /// - Throws: the error of the first chunk that could not be committed.
  consuming func finish() throws -> CommittedChunks { try queue.result() }
}

/// The queue of chunks, shared by the caller and the workers.
private final class CompressionQueue: Sendable {
  private struct State {
    /// Chunks that no worker has started.
    var waiting: [Job] = []
    /// Memory of earlier chunks, for reuse.
    var memory: [[UInt8]] = []
    var committed: CommittedChunks
    /// The error of the first chunk that could not be committed. No later chunk is committed.
    var failure: (any Error)?
  }

  private struct Job {
    var chunk: SplitChunk
    let slots: Int
    let predecessor: Completion
    let completion: Completion
  }

  /// Chunks of usual size that are processed at once, each with its bytes in memory. One more than there are cores,
  /// because a flush needs no core; at most four, because a download is slower than that.
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

  /// Waits until all chunks are processed.
  func result() throws -> CommittedChunks {
    for _ in 0..<slots { freeSlots.wait() }
    for _ in 0..<slots { freeSlots.signal() }
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.committed
    }
  }

  /// Lets each worker end when the queue is empty.
  func close() { for _ in 0..<slots { jobs.signal() } }

  /// Processes chunks until ``close()``. Runs on each worker thread.
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
    // Flushed before waiting for the predecessor, because this step takes the most time. The flush is wasted if the
    // same file turns out to be there already.
    try file.flush()
    job.predecessor.wait()
    guard state.withLock({ $0.failure == nil }) else { return }
    let manifest = chunk.manifest(csv)
    let sha256 = try snapshot.commit(manifest, file: &file)
    state.withLock { $0.committed.append(manifest, sha256: sha256) }
  }
}

/// Signals that a chunk is committed or has failed. The next chunk waits for it.
private struct Completion: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func signal() { semaphore.signal() }

  /// May be called more than once.
  func wait() {
    semaphore.wait()
    semaphore.signal()
  }
}
