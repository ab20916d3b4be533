import Spool

/// Where a chunk begins in the source, and what the source's head said.
struct CutPosition: Sendable {
  /// The chunk's number.
  private(set) var chunk = 1
  private(set) var offset = 0
  private(set) var line = 1
  private(set) var record = 1
  /// Of all chunks before.
  private(set) var structureErrors = 0
  var columns: [String]?
  var sourceDate: String?

  /// Goes on behind a chunk.
  mutating func advance(bytes: Int, lines: Int, records: Int, structureErrors: Int) {
    chunk += 1
    offset += bytes
    line += lines
    record += records
    self.structureErrors += structureErrors
  }
}

/// Chunks that are finished, and where the next one begins.
package struct CutProgress: Sendable {
  package init() {}

  package private(set) var chunks: [ChunkEntry] = []
  private(set) var compressedBytes = 0
  private(set) var position = CutPosition()

  mutating func append(_ manifest: FetchChunkManifest, digest: String) {
    chunks.append(
      ChunkEntry(
        manifest: SnapshotFolder.manifestName(manifest.chunk), manifestSHA256: digest, records: manifest.csv.records))
    compressedBytes += manifest.csv.compressedBytes ?? 0
    position.columns = manifest.columns
    position.sourceDate = manifest.sourceDate
    position.advance(
      bytes: manifest.csv.bytes, lines: manifest.lines, records: manifest.csv.records,
      structureErrors: manifest.structureErrors)
  }
}
