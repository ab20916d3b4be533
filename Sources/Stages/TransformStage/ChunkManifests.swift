import Spool
import Synchronization

/// Caches the manifests of a snapshot's validated chunks. A file is read again only after another process has replaced
/// it.
package final class ChunkManifests: Sendable {
  package struct Entry: Sendable {
    package let manifest: TransformChunkManifest
    let sha256: String
    package let file: FileIdentity
  }

  private let folder: SnapshotFolder
  private let entries = Mutex<[Int: Entry]>([:])

  package init(_ folder: SnapshotFolder) { self.folder = folder }

  /// - Returns: the manifest on disk; nil if the chunk is not validated.
  package func current(_ chunk: Int) throws -> Entry? {
    let path = folder.transformChunkManifest(chunk)
    // Taken before the file is read: if the file is replaced in between, the next call reads it again.
    guard let file = try SpoolFile.identity(path) else { return nil }
    if let known = entries.withLock({ $0[chunk] }), known.file == file { return known }
    guard let (manifest, sha256) = try TransformChunkManifest.readWithDigest(at: path) else { return nil }
    let entry = Entry(manifest: manifest, sha256: sha256, file: file)
    entries.withLock { $0[chunk] = entry }
    return entry
  }

  /// Removes a chunk's manifest, so that it never describes files that are being replaced. The caller holds the chunk's
  /// lock.
  func remove(_ chunk: Int) throws {
    let path = folder.transformChunkManifest(chunk)
    guard SpoolFile.isThere(path) else { return }
    try SpoolFile.remove(path)
    try Folder.sync(folder.transformFolder)
  }

  /// Commits a chunk's manifest. The caller holds the chunk's lock.
  func publish(_ manifest: TransformChunkManifest) throws {
    let path = folder.transformChunkManifest(manifest.chunk)
    let sha256 = try manifest.publish(at: path)
    guard let file = try SpoolFile.identity(path) else { return }
    entries.withLock { $0[manifest.chunk] = Entry(manifest: manifest, sha256: sha256, file: file) }
  }
}
