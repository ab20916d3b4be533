import Digest
import Failures
import Records
import Spool
import Support

/// Cuts the source into chunks that end at record ends, while its bytes come. Finished chunks are compressed and written
/// by other threads meanwhile.
///
/// The header is judged at once: what is no registry is refused before anything is written.
package struct ChunkCutter: ~Copyable {
  private let terms: FetchTerms
  private let store: any ChunkStore
  private let press: ChunkPress
  private var scanner = RecordScanner()
  private var sourceHash: SHA256
  /// The source's hash at the end of the last chunk that was cut.
  private var hashAtChunk: SHA256

  /// Where the open chunk begins.
  private var position: CutPosition
  /// The source's bytes from there on: the open chunk's, and behind them those that are not cut yet.
  private var bytes: [UInt8] = []

  // The open chunk.
  private var end = 0
  private var records = 0
  private var structureErrors = 0
  private var tooLong: [Int] = []
  private var headerBytes = 0
  /// How many of its bytes are hashed and searched for line ends.
  private var hashed = 0
  private var lines = 0

  /// - Parameters:
  ///   - progress: chunks that are finished.
  ///   - hash: the running hash of their bytes.
  package init(terms: FetchTerms, store: any ChunkStore, progress: CutProgress, hash: borrowing SHA256) throws {
    self.terms = terms
    self.store = store
    press = try ChunkPress(store, progress)
    position = progress.position
    sourceHash = hash.copy()
    hashAtChunk = hash.copy()
  }

  deinit { press.close() }

  /// The header's names; nil before it was accepted.
  package var columns: [String]? { position.columns }

  /// What went wrong with a chunk that was cut. Those that are being compressed are waited for.
  var failure: (any Error)? { press.failure }

  /// Chunks that are finished. Those that are being compressed are waited for.
  package var progress: CutProgress { press.progress }

  /// Whether all records that `--limit` asks for are there.
  package var limitReached: Bool { terms.limit.map { position.record - 1 + records >= $0 } ?? false }

  /// The running hash at the end of the last chunk of `progress`; nil where a chunk that was cut could not be written.
  func resumableHash(_ progress: CutProgress) -> SHA256? {
    progress.position.offset == position.offset ? hashAtChunk.copy() : nil
  }

  /// Takes bytes of the source in.
  package mutating func push(_ new: UnsafeRawBufferPointer) throws {
    reserve(bytes.count + new.count)
    bytes.append(contentsOf: new)
    try cut(isFinal: false)
  }

  /// An array that doubles would have half of it empty, for as many chunks as are under way. It grows by a fourth, and once
  /// a chunk is a large one, to the largest.
  private mutating func reserve(_ count: Int) {
    guard count > bytes.capacity else { return }
    bytes.reserveCapacity(
      count > ChunkPress.usualBytesMax && count < ChunkBounds.bytesMax + (2 << 20)
        ? ChunkBounds.bytesMax + (2 << 20) : count + max(1 << 20, count / 4))
  }

  /// The source ends here.
  ///
  /// - Returns: the SHA-256 of all of it.
  package mutating func finish() throws -> String {
    if !limitReached { try cut(isFinal: true) }
    guard columns != nil else { throw HeaderProblem.empty.asFailure }
    if end > 0 { try finishChunk() }
    try press.wait()
    return sourceHash.finish()
  }

  private mutating func cut(isFinal: Bool) throws {
    if columns == nil, try !readHead(isFinal: isFinal) { return }
    while try cutRecords(isFinal: isFinal) { try finishChunk() }
    hashOn()
  }

  /// - Returns: whether it is there whole.
  private mutating func readHead(isFinal: Bool) throws -> Bool {
    let head: SourceHead?
    do throws(HeaderProblem) {
      head = try bytes.withUnsafeBufferPointer { bytes throws(HeaderProblem) in
        try SourceHead.read(bytes, isFinal: isFinal, scanner: &scanner)
      }
    } catch {
      throw error.asFailure
    }
    guard let head else { return false }
    position.columns = head.header.names
    position.sourceDate = head.sourceDate
    headerBytes = head.end
    end = head.end
    try store.open()
    return true
  }

  /// Takes whole records into the open chunk.
  ///
  /// - Returns: whether it is full; false where more bytes are needed, or no more records.
  private mutating func cutRecords(isFinal: Bool) throws -> Bool {
    let (start, count) = (end, bytes.count)
    guard start < count, !limitReached else { return false }
    return try bytes.withUnsafeBufferPointer { bytes in
      var cursor = start
      defer { end = cursor }
      while cursor < count {
        let record = scanner.scan(bytes, from: cursor, isFinal: isFinal)
        guard record.outcome != .needsMore else {
          try checkLine(count - cursor, at: cursor)
          return false
        }
        try checkLine(record.end - record.start, at: cursor)
        if records > 0, record.next - headerBytes > ChunkBounds.bytesMax { return true }
        if record.outcome != .fields { try countError(record.outcome, at: cursor) }
        records += 1
        cursor = record.next
        if records == terms.chunkSize || limitReached { return true }
      }
      return false
    }
  }

  private mutating func countError(_ outcome: RecordScanner.Outcome, at offset: Int) throws {
    structureErrors += 1
    if outcome == .recordTooLong { tooLong.append(offset) }
    guard position.structureErrors + structureErrors <= RecordScanner.structureErrorsMax else {
      throw Failure(
        .data,
        "the source has more than \(RecordScanner.structureErrorsMax) lines that are no CSV, the last at byte \(position.offset + offset)",
        hint: "this is not the registry's file: look at the source")
    }
  }

  private func checkLine(_ length: Int, at offset: Int) throws {
    guard length > RecordScanner.lineBytesMax else { return }
    throw Failure(
      .data,
      "the line at byte \(position.offset + offset) of the source does not end within \(RecordScanner.lineBytesMax >> 20) MiB",
      hint: "this is not the registry's file: look at the source")
  }

  /// Hashes what was cut since, while the processor has it at hand.
  private mutating func hashOn() {
    bytes.withUnsafeBytes { bytes in
      let part = UnsafeRawBufferPointer(rebasing: bytes[hashed..<end])
      sourceHash.update(part)
      lines += LineFeeds.count(part)
    }
    hashed = end
  }

  private mutating func finishChunk() throws {
    guard position.chunk <= ChunkBounds.chunksMax else {
      throw Failure(
        .data, "the source gives more than \(ChunkBounds.chunksMax) chunks", hint: "use a larger --chunk-size")
    }
    hashOn()
    var next = try press.buffer()
    next.append(contentsOf: bytes[end...])
    bytes.removeLast(bytes.count - end)
    let size = end
    let chunk = CutChunk(
      bytes: bytes, position: position, records: records, lines: lines, headerBytes: headerBytes,
      structureErrors: structureErrors,
      // Only where the proof lies behind the chunk's end must transform be told.
      tooLongOffsets: tooLong.filter { $0 + RecordScanner.recordBytesMax + 2 > size })
    bytes = next
    position.advance(bytes: size, lines: lines, records: records, structureErrors: structureErrors)
    hashAtChunk = sourceHash.copy()
    (end, hashed, records, lines, structureErrors, headerBytes, tooLong) = (0, 0, 0, 0, 0, 0, [])
    press.take(chunk)
  }
}

extension HeaderProblem {
  var asFailure: Failure {
    Failure(.data, "the source is refused: \(description)", hint: "look at the source; the registry stays as it is")
  }
}
