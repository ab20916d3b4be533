import CommandKit
import Records
import Spool
import Support

/// A snapshot that fetch has begun: its folder, and what is written there until `fetch.json` says that it is whole.
package struct UnfinishedSnapshot: Sendable {
  package let folder: SnapshotFolder
  let manifest: DownloadManifest
  private let log: EventLog

  package init(_ folder: SnapshotFolder, _ manifest: DownloadManifest, log: EventLog) {
    self.folder = folder
    self.manifest = manifest
    self.log = log
  }

  /// A new one. Nothing is written before ``create()``.
  static func begin(_ settings: FetchSettings, _ source: Source, log: EventLog) throws -> UnfinishedSnapshot {
    let id = SnapshotID.next(after: try SpoolIndex.snapshots(settings.spool).last)
    let manifest = DownloadManifest(
      rulesVersion: rulesVersion, source: source, terms: settings.terms, startedAt: Timestamp.utcTimestamp())
    return UnfinishedSnapshot(SnapshotFolder(spool: settings.spool, id: id), manifest, log: log)
  }

  /// The newest snapshot, where an interrupted fetch left it.
  ///
  /// - Returns: nil where the newest snapshot is whole, or was begun from another source or under other terms.
  static func find(_ settings: FetchSettings, log: EventLog) throws -> UnfinishedSnapshot? {
    guard let id = try SpoolIndex.snapshots(settings.spool).last else { return nil }
    let folder = SnapshotFolder(spool: settings.spool, id: id)
    guard !SpoolFile.isThere(folder.fetchManifest) else { return nil }
    let manifest: DownloadManifest
    do {
      guard let read = try DownloadManifest.read(at: folder.downloadManifest) else { return nil }
      manifest = read
    } catch let failure as Failure where failure.category == .data {
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
    return UnfinishedSnapshot(folder, manifest, log: log)
  }

  /// Reads the chunks that are there: each is whole and begins where the one before ends, or is fetched again.
  func finishedChunks() throws -> FinishedChunks {
    var finished = FinishedChunks()
    var reader = try ChunkReader()
    while true {
      let number = finished.cursor.chunk
      let path = folder.fetchChunkManifest(number)
      do {
        guard let (chunk, sha256) = try FetchChunkManifest.readWithDigest(at: path) else { return finished }
        guard chunk.chunk == number, chunk.byteOffset == finished.cursor.offset,
          chunk.firstRecord == finished.cursor.record
        else { throw Failure(.data, "'\(path)' is damaged: it does not follow the chunk before") }
        try reader.read(chunk, in: folder) { finished.append(chunk, sha256: sha256, bytes: $0) }
      } catch let failure as Failure where failure.category == .data {
        log.warning("\(failure.message): chunk \(number) and what follows is fetched again")
        try SpoolFile.remove(path)
        return finished
      }
    }
  }

  /// Makes its folders and `source.json`, where they are not there.
  func create() throws {
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
    if try SpoolFile.size(folder.downloadManifest) == nil { try manifest.publish(at: folder.downloadManifest) }
  }

  /// Commits a chunk's file and then its manifest. A file that is there with the same bytes stays.
  ///
  /// - Returns: the SHA-256 of the manifest's bytes.
  func commit(_ chunk: FetchChunkManifest, file: inout CompressedFile) throws -> String {
    if try isCommitted(chunk) { file.drop() } else { try file.commit() }
    try Folder.sync(folder.fetchFolder)
    return try chunk.publish(at: folder.fetchChunkManifest(chunk.chunk))
  }

  /// Whether an earlier fetch has committed the very chunk. Another manifest in its place is removed first, so that no
  /// moment shows one that describes other bytes.
  private func isCommitted(_ chunk: FetchChunkManifest) throws -> Bool {
    let path = folder.fetchChunkManifest(chunk.chunk)
    guard let before = try? FetchChunkManifest.read(at: path) else {
      try SpoolFile.remove(path)
      return false
    }
    if before == chunk, try isWhole(chunk) { return true }
    log.info("chunk \(chunk.chunk) came out differently this time: it is replaced")
    try SpoolFile.remove(path)
    try Folder.sync(folder.fetchFolder)
    return false
  }

  /// Whether the chunk's file is what its manifest says. An interrupted fetch was looked through only as far as the
  /// first chunk that was not.
  private func isWhole(_ chunk: FetchChunkManifest) throws -> Bool {
    do {
      var reader = try ChunkReader()
      try reader.read(chunk, in: folder) { _ in }
      return true
    } catch let failure as Failure where failure.category == .data {
      return false
    }
  }

  /// Writes `fetch.json`: the whole source is there. Where the previous snapshot has the same bytes, this one is
  /// removed.
  func complete(_ finished: consuming FinishedChunks, previous: PreviousSnapshot?) throws -> FetchOutcome {
    let (chunks, cursor) = (finished.committed, finished.cursor)
    let sha256 = finished.sha256()
    if let previous, previous.manifest.csv.sha256 == sha256 {
      try Folder.remove(folder.path)
      log.info("the source has the same bytes as snapshot \(previous.folder.id): nothing to fetch")
      return .unchanged(previous.folder, previous.manifest)
    }
    try removeChunks(behind: chunks.entries.count)
    let whole = FetchManifest(
      rulesVersion: rulesVersion, source: manifest.source, terms: manifest.terms, startedAt: manifest.startedAt,
      completedAt: Timestamp.utcTimestamp(),
      csv: FileEntry(
        name: "*.csv.zst", bytes: cursor.offset, compressedBytes: chunks.compressedBytes, sha256: sha256,
        records: cursor.record - 1),
      columns: cursor.columns ?? [], sourceDate: cursor.sourceDate, chunks: chunks.entries)
    try whole.publish(at: folder.fetchManifest)
    return .fetched(folder, whole)
  }

  /// Removes chunks of an earlier, longer version that this one does not reach, and temporary files of killed writers.
  private func removeChunks(behind last: Int) throws {
    for name in try Folder.names(folder.fetchFolder) {
      let number = name.hasPrefix(".") ? nil : Int(name.prefix(6))
      if number.map({ $0 <= last }) ?? false { continue }
      try SpoolFile.remove(folder.fetchFolder + "/" + name)
    }
    try Folder.sync(folder.fetchFolder)
  }
}
