import Digest
import Failures
import Records
import Spool

/// Cuts the source into chunks that end at record ends, while its bytes come.
///
/// The header is judged at once: what is no registry is refused before anything is written.
package struct ChunkCutter: ~Copyable {
  private let terms: FetchTerms
  private let store: any ChunkStore
  private var scanner = RecordScanner()
  private var writer: CompressedFile
  /// Bytes that came and are not yet part of a chunk.
  private var pending: [UInt8] = []

  /// The whole source so far, chunk by chunk: what an attempt that goes on must begin with.
  package private(set) var progress: CutProgress
  private var sourceHash: SHA256
  /// The source's hash at the end of the last finished chunk.
  private var hashAtChunk: SHA256

  // The chunk that is open.
  private var records = 0
  private var lines = 0
  private var structureErrors = 0
  private var tooLong: [Int] = []
  private var headerBytes = 0

  /// - Parameters:
  ///   - progress: chunks that are finished.
  ///   - hash: the running hash of their bytes.
  package init(terms: FetchTerms, store: any ChunkStore, progress: CutProgress, hash: borrowing SHA256) throws {
    self.terms = terms
    self.store = store
    self.progress = progress
    sourceHash = hash.copy()
    hashAtChunk = hash.copy()
    writer = try CompressedFile()
  }

  /// Whether all records that `--limit` asks for are there.
  package var limitReached: Bool { terms.limit.map { progress.nextRecord - 1 + records >= $0 } ?? false }

  /// The running hash at the end of the last finished chunk.
  func resumableHash() -> SHA256 { hashAtChunk.copy() }

  /// Takes bytes of the source in.
  package mutating func push(_ bytes: UnsafeRawBufferPointer) throws {
    pending.append(contentsOf: bytes)
    try cut(isFinal: false)
  }

  /// The source ends here.
  ///
  /// - Returns: the SHA-256 of all of it.
  package mutating func finish() throws -> String {
    if !limitReached { try cut(isFinal: true) }
    guard progress.columns != nil else { throw HeaderProblem.empty.asFailure }
    if writer.bytes > 0 { try finishChunk() }
    return sourceHash.finish()
  }

  private mutating func cut(isFinal: Bool) throws {
    var buffer = pending
    pending = []
    let used = try buffer.withUnsafeBufferPointer { try cut($0, isFinal: isFinal) }
    buffer.removeFirst(used)
    pending = buffer
  }

  /// - Returns: how many of the bytes are now part of chunks.
  private mutating func cut(_ bytes: Bytes, isFinal: Bool) throws -> Int {
    var written = 0
    var cursor = 0
    if progress.columns == nil {
      guard let end = try readHead(bytes, isFinal: isFinal) else { return 0 }
      cursor = end
    }
    while cursor < bytes.count, !limitReached {
      let record = scanner.scan(bytes, from: cursor, isFinal: isFinal)
      if record.outcome == .needsMore {
        try checkLine(bytes.count - cursor, at: cursor - written)
        break
      }
      try checkLine(record.end - record.start, at: cursor - written)
      if writer.bytes - headerBytes + (record.next - written) > ChunkBounds.bytesMax {
        try append(bytes, written, cursor)
        written = cursor
        try finishChunk()
      }
      let offset = writer.bytes + (cursor - written)
      if record.outcome != .fields { try count(record.outcome, at: offset) }
      records += 1
      cursor = record.next
      if records == terms.chunkSize || limitReached {
        try append(bytes, written, cursor)
        written = cursor
        try finishChunk()
      }
    }
    try append(bytes, written, cursor)
    return cursor
  }

  private mutating func readHead(_ bytes: Bytes, isFinal: Bool) throws -> Int? {
    let head: SourceHead?
    do throws(HeaderProblem) { head = try SourceHead.read(bytes, isFinal: isFinal, scanner: &scanner) } catch {
      throw error.asFailure
    }
    guard let head else { return nil }
    progress.columns = head.header.names
    progress.sourceDate = head.sourceDate
    headerBytes = head.end
    try store.open()
    return head.end
  }

  private mutating func count(_ outcome: RecordScanner.Outcome, at offset: Int) throws {
    structureErrors += 1
    if outcome == .recordTooLong { tooLong.append(offset) }
    guard progress.structureErrors + structureErrors <= RecordScanner.structureErrorsMax else {
      throw Failure(
        .data,
        "the source has more than \(RecordScanner.structureErrorsMax) lines that are no CSV, the last at byte \(progress.nextOffset + offset)",
        hint: "this is not the registry's file: look at the source")
    }
  }

  private func checkLine(_ length: Int, at offset: Int) throws {
    guard length > RecordScanner.lineBytesMax else { return }
    throw Failure(
      .data,
      "the line at byte \(progress.nextOffset + writer.bytes + offset) of the source does not end within \(RecordScanner.lineBytesMax >> 20) MiB",
      hint: "this is not the registry's file: look at the source")
  }

  private mutating func append(_ bytes: Bytes, _ start: Int, _ end: Int) throws {
    guard end > start, let base = bytes.baseAddress else { return }
    let part = UnsafeRawBufferPointer(start: base + start, count: end - start)
    for byte in part where byte == UInt8(ascii: "\n") { lines += 1 }
    sourceHash.update(part)
    let number = progress.chunks.count + 1
    try writer.append(part, to: store.path(ofChunk: number))
  }

  private mutating func finishChunk() throws {
    let number = progress.chunks.count + 1
    guard number <= ChunkBounds.chunksMax else {
      throw Failure(
        .data, "the source gives more than \(ChunkBounds.chunksMax) chunks", hint: "use a larger --chunk-size")
    }
    let size = writer.bytes
    let csv = try writer.describe(records: records)
    let manifest = FetchChunkManifest(
      rulesVersion: rulesVersion, chunk: number, csv: csv, byteOffset: progress.nextOffset,
      firstLine: progress.nextLine,
      lines: lines, firstRecord: progress.nextRecord, columns: progress.columns ?? [], sourceDate: progress.sourceDate,
      headerBytes: headerBytes, structureErrors: structureErrors,
      // Only where the proof lies behind the chunk's end must transform be told.
      tooLongOffsets: tooLong.filter { $0 + RecordScanner.recordBytesMax + 2 > size })
    if try store.prepare(manifest) { try writer.keep() } else { writer.drop() }
    let digest = try store.publish(manifest)
    progress.append(manifest, digest: digest)
    hashAtChunk = sourceHash.copy()
    (records, lines, structureErrors, headerBytes, tooLong) = (0, 0, 0, 0, [])
  }
}

/// Where finished chunks go.
package protocol ChunkStore: Sendable {
  /// Called once, before the first chunk: the source has an acceptable header.
  func open() throws
  func path(ofChunk number: Int) -> String
  /// - Returns: whether the chunk's file is to be written: not where the very same is there.
  func prepare(_ manifest: FetchChunkManifest) throws -> Bool
  /// Publishes the chunk's manifest.
  ///
  /// - Returns: the digest of its bytes.
  func publish(_ manifest: FetchChunkManifest) throws -> String
}

/// Chunks that are finished, and where the next one begins.
package struct CutProgress: Sendable {
  package init() {}

  package private(set) var chunks: [ChunkEntry] = []
  package internal(set) var columns: [String]?
  var sourceDate: String?
  private(set) var nextOffset = 0
  private(set) var nextLine = 1
  private(set) var nextRecord = 1
  private(set) var structureErrors = 0
  private(set) var compressedBytes = 0

  mutating func append(_ manifest: FetchChunkManifest, digest: String) {
    chunks.append(
      ChunkEntry(
        manifest: SnapshotFolder.manifestName(manifest.chunk), manifestSHA256: digest, records: manifest.csv.records))
    columns = manifest.columns
    sourceDate = manifest.sourceDate
    nextOffset += manifest.csv.bytes
    nextLine += manifest.lines
    nextRecord += manifest.csv.records
    structureErrors += manifest.structureErrors
    compressedBytes += manifest.csv.compressedBytes ?? 0
  }
}

extension HeaderProblem {
  var asFailure: Failure {
    Failure(.data, "the source is refused: \(description)", hint: "look at the source; the registry stays as it is")
  }
}
