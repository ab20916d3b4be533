import Failures
import Spool
import StageKit

/// Finished chunks in a snapshot's folder.
struct SpoolChunkStore: ChunkStore {
  let folder: SnapshotFolder
  let download: DownloadManifest
  let log: EventLog

  func open() throws {
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
    if try SpoolFile.size(folder.downloadManifest) == nil { try download.publish(at: folder.downloadManifest) }
  }

  func path(ofChunk number: Int) -> String { folder.csv(number) }

  func prepare(_ manifest: FetchChunkManifest) throws -> Bool {
    let path = folder.fetchChunkManifest(manifest.chunk)
    guard let before = try? FetchChunkManifest.read(at: path) else {
      try SpoolFile.remove(path)
      return true
    }
    if before == manifest, try isWhole(manifest) { return false }
    log.info("chunk \(manifest.chunk) came out differently this time: it is replaced")
    // The manifest goes first, so that no moment shows one that describes other bytes.
    try SpoolFile.remove(path)
    try Folder.sync(folder.fetchFolder)
    return true
  }

  /// Whether the chunk's file is what its manifest says. An interrupted download was looked through only as far as the first
  /// chunk that was not.
  private func isWhole(_ manifest: FetchChunkManifest) throws -> Bool {
    do {
      var reader = try ChunkReader()
      try reader.read(manifest, in: folder) { _ in }
      return true
    } catch let failure as Failure where failure.verdict == .data {
      return false
    }
  }

  func publish(_ manifest: FetchChunkManifest) throws -> String {
    try Folder.sync(folder.fetchFolder)
    return try manifest.publish(at: folder.fetchChunkManifest(manifest.chunk))
  }
}
