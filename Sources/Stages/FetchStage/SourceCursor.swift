import Digest
import Spool

/// The position in the source at which a chunk begins, with the columns and the date from the source's head.
struct SourceCursor: Sendable {
  /// The chunk's number.
  private(set) var chunk = 1
  private(set) var offset = 0
  private(set) var line = 1
  private(set) var record = 1
  /// Structure errors of all earlier chunks.
  private(set) var structureErrors = 0
  var columns: [String]?
  var sourceDate: String?

  /// Moves to the end of the chunk.
  mutating func advance(bytes: Int, lines: Int, records: Int, structureErrors: Int) {
    chunk += 1
    offset += bytes
    line += lines
    record += records
    self.structureErrors += structureErrors
  }
}

/// Chunks whose manifests are committed, as the snapshot's manifest lists them.
struct CommittedChunks: Sendable {
  private(set) var entries: [ChunkEntry] = []
  private(set) var compressedBytes = 0

  mutating func append(_ manifest: FetchChunkManifest, sha256: String) {
    entries.append(
      ChunkEntry(
        manifest: SnapshotFolder.manifestName(manifest.chunk), manifestSHA256: sha256, records: manifest.csv.records))
    compressedBytes += manifest.csv.compressedBytes ?? 0
  }
}

/// The committed part of the source, from which another attempt or another process resumes.
package struct FinishedChunks: ~Copyable {
  private(set) var committed = CommittedChunks()
  /// Where the next chunk begins.
  private(set) var cursor = SourceCursor()
  /// The running hash of the source up to the cursor.
  private(set) var hash = SHA256()

  package init() {}

  init(_ committed: CommittedChunks, _ cursor: SourceCursor, _ hash: consuming SHA256) {
    self.committed = committed
    self.cursor = cursor
    self.hash = hash
  }

  package var entries: [ChunkEntry] { committed.entries }

  /// The SHA-256 of the source up to the cursor.
  package consuming func sha256() -> String { hash.finish() }

  /// Appends the next chunk, which is already committed.
  mutating func append(_ manifest: FetchChunkManifest, sha256: String, bytes: UnsafeRawBufferPointer) {
    committed.append(manifest, sha256: sha256)
    hash.update(bytes)
    cursor.columns = manifest.columns
    cursor.sourceDate = manifest.sourceDate
    cursor.advance(
      bytes: manifest.csv.bytes, lines: manifest.lines, records: manifest.csv.records,
      structureErrors: manifest.structureErrors)
  }
}
