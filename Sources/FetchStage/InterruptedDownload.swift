import Digest
import Failures
import Records
import Spool
import StageKit

/// What an earlier attempt left of a download: chunks that are finished, and the hash of their bytes.
struct InterruptedDownload: ~Copyable {
  let folder: SnapshotFolder
  let manifest: DownloadManifest
  let progress: CutProgress
  let hash: SHA256

  /// Looks for one in the newest snapshot.
  ///
  /// - Returns: nil where the newest snapshot is whole, or was begun from another source or under other terms.
  static func find(_ settings: FetchSettings, log: EventLog) throws -> InterruptedDownload? {
    guard let id = try Survey.snapshots(settings.spool).last else { return nil }
    let folder = SnapshotFolder(spool: settings.spool, id: id)
    guard !SpoolFile.isThere(folder.fetchManifest) else { return nil }
    let manifest: DownloadManifest
    do {
      guard let read = try DownloadManifest.read(at: folder.downloadManifest) else { return nil }
      manifest = read
    } catch let failure as Failure where failure.verdict == .data {
      log.warning("\(failure.message): snapshot \(id) stays as superseded")
      return nil
    }
    guard manifest.source.urlSHA256 == settings.location.digest, manifest.terms == settings.terms else {
      log.info("snapshot \(id) was begun from another source or with other options: it stays as superseded")
      return nil
    }
    guard manifest.rulesVersion == rulesVersion else {
      log.info("snapshot \(id) was begun by another version's rules: it stays as superseded")
      return nil
    }
    return try read(folder, manifest, log: log)
  }

  /// Goes through the finished chunks: each is whole and begins where the one before ends, or is fetched again.
  static func read(
    _ folder: SnapshotFolder, _ manifest: DownloadManifest, log: EventLog
  ) throws -> InterruptedDownload {
    var progress = CutProgress()
    var hash = SHA256()
    var reader = try ChunkReader()
    while true {
      let number = progress.position.chunk
      do {
        guard let (chunk, digest) = try FetchChunkManifest.readWithDigest(at: folder.fetchChunkManifest(number)) else {
          break
        }
        guard chunk.chunk == number, chunk.byteOffset == progress.position.offset,
          chunk.firstRecord == progress.position.record
        else {
          throw Failure(.data, "'\(folder.fetchChunkManifest(number))' is damaged: it does not follow the chunk before")
        }
        try reader.read(chunk, in: folder) { hash.update($0) }
        progress.append(chunk, digest: digest)
      } catch let failure as Failure where failure.verdict == .data {
        // The hash has this chunk's bytes in it, if any: it is read again without them.
        log.warning("\(failure.message): chunk \(number) and what follows is fetched again")
        try SpoolFile.remove(folder.fetchChunkManifest(number))
        return try read(folder, manifest, log: log)
      }
    }
    return InterruptedDownload(folder: folder, manifest: manifest, progress: progress, hash: hash)
  }
}
