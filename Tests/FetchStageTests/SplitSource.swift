import CommandKit
import FetchStage
import Spool
import TestSupport

/// Splits a source into a snapshot in a scratch folder.
struct SplitSource {
  private let scratch = ScratchFolder()
  let snapshot: UnfinishedSnapshot
  var folder: SnapshotFolder { snapshot.folder }

  init(chunkSize: Int, limit: Int? = nil) {
    let manifest = DownloadManifest(
      rulesVersion: 1, source: Source(url: "source.csv", urlSHA256: "00"),
      terms: FetchTerms(chunkSize: chunkSize, limit: limit, sample: false), startedAt: "2026-09-01T21:15:00Z")
    snapshot = UnfinishedSnapshot(
      SnapshotFolder(spool: scratch.path, id: .next(after: nil)), manifest, log: quietLog)
  }

  /// - Returns: the chunks as `fetch.json` lists them, and the SHA-256 of the source; nil if the header is refused.
  func split(_ pieces: [[UInt8]]) throws -> (chunks: [ChunkEntry], sha256: String)? {
    var splitter = try ChunkSplitter(snapshot, after: FinishedChunks())
    do {
      for piece in pieces { try piece.withUnsafeBytes { try splitter.append($0) } }
      let finished = try splitter.finish()
      let chunks = finished.entries
      return (chunks, finished.sha256())
    } catch  where !SpoolFile.isThere(folder.path) {
      return nil
    }
  }

  /// Returns the chunk manifests up to the first missing one.
  func manifests() throws -> [FetchChunkManifest] {
    var manifests: [FetchChunkManifest] = []
    while let next = try FetchChunkManifest.read(at: folder.fetchChunkManifest(manifests.count + 1)) {
      manifests.append(next)
    }
    return manifests
  }
}
