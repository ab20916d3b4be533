import Digest
import Records
import Spool
import Support

/// Splits the source into chunks at record ends while its bytes arrive, and passes them to the compressor.
///
/// Checks the header first: a file that is not the registry is refused before anything is written.
package struct ChunkSplitter: ~Copyable {
  private let terms: FetchTerms
  private let snapshot: UnfinishedSnapshot
  private var compressor: ChunkCompressor
  private var scanner = RecordScanner()
  /// Where the open chunk begins.
  private var cursor: SourceCursor
  /// The running hash of the source up to the cursor.
  private var hashAtCursor: SHA256
  /// The running hash of the source up to the end of the hashed part of the open chunk.
  private var hash: SHA256
  /// The source's bytes from the cursor on: the open chunk, then the bytes that are not split yet.
  private var bytes: [UInt8] = []

  // The open chunk.
  private var end = 0
  private var records = 0
  private var structureErrors = 0
  private var tooLong: [Int] = []
  private var headerBytes = 0
  /// Number of its bytes that are hashed and searched for line ends.
  private var hashed = 0
  private var lines = 0

  package init(_ snapshot: UnfinishedSnapshot, after finished: borrowing FinishedChunks) throws {
    terms = snapshot.manifest.terms
    self.snapshot = snapshot
    compressor = try ChunkCompressor(snapshot, after: finished.committed)
    cursor = finished.cursor
    hashAtCursor = finished.hash.copy()
    hash = finished.hash.copy()
  }

  /// Whether the number of records has reached `--limit`.
  package var limitReached: Bool { terms.limit.map { cursor.record - 1 + records >= $0 } ?? false }

  /// Appends bytes of the source.
  package mutating func append(_ new: UnsafeRawBufferPointer) throws {
    reserve(bytes.count + new.count)
    bytes.append(contentsOf: new)
    try split(isFinal: false)
  }

  /// Ends the source: commits its last chunk and waits for all chunks.
  package consuming func finish() throws -> FinishedChunks {
    if !limitReached { try split(isFinal: true) }
    guard cursor.columns != nil else { throw HeaderProblem.empty.asFailure }
    if end > 0 { try closeChunk() }
    return try stop()
  }

  /// Discards the open chunk, which is incomplete, and waits for the chunks before it.
  ///
  /// - Throws: the error of the first chunk that could not be committed.
  package consuming func stop() throws -> FinishedChunks {
    FinishedChunks(try compressor.finish(), cursor, hashAtCursor)
  }

  /// Grows the buffer by a quarter, or to the largest chunk size once the chunk is larger than usual. Doubling would
  /// leave up to half of every buffer unused.
  private mutating func reserve(_ count: Int) {
    guard count > bytes.capacity else { return }
    bytes.reserveCapacity(
      count > ChunkCompressor.usualBytesMax && count < ChunkBounds.bytesMax + (2 << 20)
        ? ChunkBounds.bytesMax + (2 << 20) : count + max(1 << 20, count / 4))
  }

  private mutating func split(isFinal: Bool) throws {
    if cursor.columns == nil, try !readHead(isFinal: isFinal) { return }
    while try addRecords(isFinal: isFinal) { try closeChunk() }
    hashOn()
  }

  /// - Returns: whether the head is complete.
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
    cursor.columns = head.header.names
    cursor.sourceDate = head.sourceDate
    headerBytes = head.end
    end = head.end
    try snapshot.create()
    return true
  }

  /// Adds complete records to the open chunk.
  ///
  /// - Returns: whether the chunk is full; false if more bytes are needed, or no more records.
  private mutating func addRecords(isFinal: Bool) throws -> Bool {
    let (start, count) = (end, bytes.count)
    guard start < count, !limitReached else { return false }
    return try bytes.withUnsafeBufferPointer { bytes in
      var next = start
      defer { end = next }
      while next < count {
        let record = scanner.scan(bytes, from: next, isFinal: isFinal)
        guard record.outcome != .needsMore else {
          try checkLine(count - next, at: next)
          return false
        }
        try checkLine(record.end - record.start, at: next)
        if records > 0, record.next - headerBytes > ChunkBounds.bytesMax { return true }
        if record.outcome != .fields { try countError(record.outcome, at: next) }
        records += 1
        next = record.next
        if records == terms.chunkSize || limitReached { return true }
      }
      return false
    }
  }

  private mutating func countError(_ outcome: RecordScanner.Outcome, at offset: Int) throws {
    structureErrors += 1
    if outcome == .recordTooLong { tooLong.append(offset) }
    guard cursor.structureErrors + structureErrors <= RecordScanner.structureErrorsMax else {
      throw Failure(
        .data,
        "the source has more than \(RecordScanner.structureErrorsMax) lines that are not CSV, the last at byte \(cursor.offset + offset)",
        hint: "check the source: it may be another file, or damaged")
    }
  }

  private func checkLine(_ length: Int, at offset: Int) throws {
    guard length > RecordScanner.lineBytesMax else { return }
    throw Failure(
      .data,
      "the line at byte \(cursor.offset + offset) of the source does not end within \(RecordScanner.lineBytesMax >> 20) MiB",
      hint: "check the source: it may be another file, or damaged")
  }

  /// Hashes the records added since the last call, while they are in the processor's cache.
  private mutating func hashOn() {
    bytes.withUnsafeBytes { bytes in
      let part = UnsafeRawBufferPointer(rebasing: bytes[hashed..<end])
      hash.update(part)
      lines += LineFeeds.count(part)
    }
    hashed = end
  }

  private mutating func closeChunk() throws {
    guard cursor.chunk <= ChunkBounds.chunksMax else {
      throw Failure(
        .data, "the source makes more than \(ChunkBounds.chunksMax) chunks", hint: "use a larger --chunk-size")
    }
    hashOn()
    let size = end
    let rest = Array(bytes[size...])
    bytes.removeLast(rest.count)
    let chunk = SplitChunk(
      bytes: bytes, cursor: cursor, records: records, lines: lines, headerBytes: headerBytes,
      structureErrors: structureErrors,
      // If the chunk ends before the length limit of such a record, transform cannot tell that it is too long.
      tooLongOffsets: tooLong.filter { $0 + RecordScanner.recordBytesMax + 2 > size })
    bytes = []
    bytes = try compressor.append(chunk)
    bytes.append(contentsOf: rest)
    cursor.advance(bytes: size, lines: lines, records: records, structureErrors: structureErrors)
    hashAtCursor = hash.copy()
    (end, hashed, records, lines, structureErrors, headerBytes, tooLong) = (0, 0, 0, 0, 0, 0, [])
  }
}

extension HeaderProblem {
  var asFailure: Failure {
    Failure(.data, "the source is refused: \(description)", hint: "check the source; the registry stays as it is")
  }
}
