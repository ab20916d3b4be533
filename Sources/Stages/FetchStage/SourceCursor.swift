import Digest
import Spool

/// The place in the source where a chunk begins, and what the source's head said.
struct SourceCursor: Sendable {
  /// The chunk's number.
  private(set) var chunk = 1
  private(set) var offset = 0
  private(set) var line = 1
  private(set) var record = 1
  /// Of all chunks before.
  private(set) var structureErrors = 0
  var columns: [String]?
  var sourceDate: String?

  /// Goes on behind the chunk.
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

/// The source as far as its chunks are committed: what an attempt, or another process, goes on from.
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

  /// Takes in the next chunk, which is committed already.
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
