import CommandKit
import Records
import Spool
import Support

/// A snapshot that fetch has begun. It is unfinished until `fetch.json` is written.
package struct UnfinishedSnapshot: Sendable {
  package let folder: SnapshotFolder
  let manifest: DownloadManifest
  private let log: EventLog

  package init(_ folder: SnapshotFolder, _ manifest: DownloadManifest, log: EventLog) {
    self.folder = folder
    self.manifest = manifest
    self.log = log
  }

  /// Begins a new snapshot. Writes nothing before ``create()``.
  static func begin(_ settings: FetchSettings, _ source: Source, log: EventLog) throws -> UnfinishedSnapshot {
    let id = SnapshotID.next(after: try SpoolIndex.snapshots(settings.spool).last)
    let manifest = DownloadManifest(
      rulesVersion: rulesVersion, source: source, terms: settings.terms, startedAt: Timestamp.utcTimestamp())
    return UnfinishedSnapshot(SnapshotFolder(spool: settings.spool, id: id), manifest, log: log)
  }

  /// Finds the snapshot that an interrupted fetch can resume.
  ///
  /// - Returns: nil if the newest snapshot is complete or damaged, or was begun from another source, with other options
  ///   or by another version's rules.
  static func find(_ settings: FetchSettings, log: EventLog) throws -> UnfinishedSnapshot? {
    guard let id = try SpoolIndex.snapshots(settings.spool).last else { return nil }
    let folder = SnapshotFolder(spool: settings.spool, id: id)
    guard !SpoolFile.isThere(folder.fetchManifest) else { return nil }
    let manifest: DownloadManifest
    do {
      guard let read = try DownloadManifest.read(at: folder.downloadManifest) else { return nil }
      manifest = read
    } catch let failure as Failure where failure.category == .data {
      log.warning("\(failure.message); the unfinished snapshot \(id) is not resumed, and a later clean-up removes it")
      return nil
    }
    guard manifest.source.urlSHA256 == settings.location.digest, manifest.terms == settings.terms else {
      log.info("snapshot \(id) was begun from another source or with other options: it is not resumed")
      return nil
    }
    guard manifest.rulesVersion == rulesVersion else {
      log.info("snapshot \(id) was begun with another rules version: it is not resumed")
      return nil
    }
    return UnfinishedSnapshot(folder, manifest, log: log)
  }

  /// The snapshot for a source without validators, such as a file. An interrupted fetch starts over and keeps each chunk
  /// whose bytes are the same.
  static func findOrBegin(_ settings: FetchSettings, log: EventLog) throws -> UnfinishedSnapshot {
    try find(settings, log: log)
      ?? begin(settings, Source(url: settings.location.shown, urlSHA256: settings.location.digest), log: log)
  }

  /// The same snapshot for an answer of another version of the source.
  func with(_ source: Source) -> UnfinishedSnapshot {
    var manifest = manifest
    manifest.source = source
    return UnfinishedSnapshot(folder, manifest, log: log)
  }

  var archivePart: String { folder.fetchFolder + "/.archive.part" }

  /// The same snapshot for a source that arrives as it is.
  func withoutArchive() -> UnfinishedSnapshot { with(archive: nil) }

  private func with(archive: Archive.Format?) -> UnfinishedSnapshot {
    var manifest = manifest
    manifest.archiveFormat = archive
    return UnfinishedSnapshot(folder, manifest, log: log)
  }

  /// Records that the source arrives in an archive, before the first byte of it is kept.
  func beginArchive(_ format: Archive.Format) throws -> UnfinishedSnapshot {
    let snapshot = with(archive: format)
    try snapshot.create()
    try SpoolFile.remove(archivePart)
    try snapshot.recordSource(from: 1)
    return snapshot
  }

  /// Finds what has arrived of an archive; nil if that cannot be resumed.
  ///
  /// It is one byte less than there is: a request for the rest has to name a byte, also if all have arrived.
  func keptArchive() throws -> KeptArchive? {
    guard let format = manifest.archiveFormat, manifest.source.strongValidator != nil,
      let file = try OpenFile(archivePart)
    else { return nil }
    var head = [UInt8](repeating: 0, count: Archive.Format.headBytes)
    let count = try head.withUnsafeMutableBytes { try file.read(into: $0) }
    // Without a checksum, nothing would show what a power cut did to the bytes.
    guard count == head.count, format.hasChecksum(head: head) else { return nil }
    return KeptArchive(format: format, bytes: try file.size() - 1)
  }

  /// Reads the finished chunks in order, and verifies them. Stops at the first chunk that is missing, damaged or does
  /// not begin where the one before ends. From there on, chunks are fetched again.
  ///
  /// - Parameter known: the chunks of one version; a chunk that is not one of them ends the reading. Nil for all chunks.
  func finishedChunks(of known: [ChunkEntry]? = nil) throws -> FinishedChunks {
    var finished = FinishedChunks()
    // Offsets in the CSV are no offsets in the archive.
    guard manifest.archiveFormat == nil else { return finished }
    var reader = try ChunkReader()
    while true {
      let number = finished.cursor.chunk
      let path = folder.fetchChunkManifest(number)
      do {
        guard known.map({ number <= $0.count }) ?? true,
          let (chunk, sha256) = try FetchChunkManifest.readWithDigest(at: path),
          known.map({ $0[number - 1].manifestSHA256 == sha256 }) ?? true
        else { return finished }
        guard chunk.chunk == number, chunk.byteOffset == finished.cursor.offset,
          chunk.firstRecord == finished.cursor.record
        else { throw Failure(.data, "'\(path)' is damaged: its chunk does not begin where the one before ends") }
        try reader.read(chunk, in: folder) { finished.append(chunk, sha256: sha256, bytes: $0) }
      } catch let failure as Failure where failure.category == .data {
        log.warning("\(failure.message); fetching chunk \(number) and all later chunks again")
        try SpoolFile.remove(path)
        return finished
      }
    }
  }

  /// Creates the folders and `source.json` if they are missing.
  func create() throws {
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
    if try SpoolFile.size(folder.downloadManifest) == nil { try manifest.publish(at: folder.downloadManifest) }
  }

  /// Commits a chunk's file and then its manifest. Keeps an existing file that has the same bytes.
  ///
  /// - Returns: the SHA-256 of the manifest's bytes.
  func commit(_ chunk: FetchChunkManifest, file: inout CompressedFile) throws -> String {
    if try isCommitted(chunk) {
      file.drop()
    } else {
      try recordSource(from: chunk.chunk)
      try file.commit()
    }
    try Folder.sync(folder.fetchFolder)
    return try chunk.publish(at: folder.fetchChunkManifest(chunk.chunk))
  }

  /// Whether an earlier fetch has committed the same chunk. If not, removes the chunk's manifest, so that a manifest
  /// never describes other bytes.
  private func isCommitted(_ chunk: FetchChunkManifest) throws -> Bool {
    let path = folder.fetchChunkManifest(chunk.chunk)
    guard let before = try? FetchChunkManifest.read(at: path) else {
      try SpoolFile.remove(path)
      return false
    }
    if before == chunk, try isWhole(chunk) { return true }
    log.info("chunk \(chunk.chunk) differs from the earlier fetch: it is replaced")
    try SpoolFile.remove(path)
    try Folder.sync(folder.fetchFolder)
    return false
  }

  /// Makes `source.json` name the version of the source that the next chunk is from.
  ///
  /// `source.json` changes as late as possible: until an answer of another version differs from the finished chunks or
  /// continues after them, an interrupted fetch can still resume the recorded version. A Range request relies on all
  /// chunks being of the recorded version, so the manifests that this answer has not confirmed are removed first.
  ///
  /// - Parameter chunk: the first chunk that this answer has not confirmed.
  private func recordSource(from chunk: Int) throws {
    let recorded = try? DownloadManifest.read(at: folder.downloadManifest)
    if let recorded, recorded.source.isInterchangeable(with: manifest.source),
      recorded.archiveFormat == manifest.archiveFormat
    {
      return
    }
    for name in try Folder.names(folder.fetchFolder) where name.hasSuffix(".json") && !name.hasPrefix(".") {
      if let number = Int(name.prefix(6)), number >= chunk { try SpoolFile.remove(folder.fetchFolder + "/" + name) }
    }
    try Folder.sync(folder.fetchFolder)
    try manifest.publish(at: folder.downloadManifest)
  }

  /// Whether the chunk's file matches its manifest. ``finishedChunks()`` has verified the files only up to the first
  /// damaged one.
  private func isWhole(_ chunk: FetchChunkManifest) throws -> Bool {
    do {
      var reader = try ChunkReader()
      try reader.read(chunk, in: folder) { _ in }
      return true
    } catch let failure as Failure where failure.category == .data {
      return false
    }
  }

  /// Writes `fetch.json`, which completes the snapshot. Removes the snapshot instead if the previous one has the same
  /// bytes.
  func complete(
    _ finished: consuming FinishedChunks, _ archive: Archive? = nil, previous: PreviousSnapshot?
  ) throws -> FetchOutcome {
    let (chunks, cursor) = (finished.committed, finished.cursor)
    let sha256 = finished.sha256()
    if let previous, previous.manifest.csv.sha256 == sha256 {
      try Folder.remove(folder.path)
      log.info("the source has the same bytes as snapshot \(previous.folder.id): nothing to fetch")
      return .unchanged(previous.folder, previous.manifest)
    }
    try recordSource(from: chunks.entries.count + 1)
    try removeChunks(behind: chunks.entries.count)
    var source = manifest.source
    source.archive = archive
    let whole = FetchManifest(
      rulesVersion: rulesVersion, source: source, terms: manifest.terms, startedAt: manifest.startedAt,
      completedAt: Timestamp.utcTimestamp(),
      csv: FileEntry(
        name: "*.csv.zst", bytes: cursor.offset, compressedBytes: chunks.compressedBytes, sha256: sha256,
        records: cursor.record - 1),
      columns: cursor.columns ?? [], sourceDate: cursor.sourceDate, chunks: chunks.entries)
    try whole.publish(at: folder.fetchManifest)
    return .fetched(folder, whole)
  }

  /// Removes the chunks after `last`, left by a longer version of the source, and temporary files of killed processes.
  private func removeChunks(behind last: Int) throws {
    for name in try Folder.names(folder.fetchFolder) {
      let number = name.hasPrefix(".") ? nil : Int(name.prefix(6))
      if number.map({ $0 <= last }) ?? false { continue }
      try SpoolFile.remove(folder.fetchFolder + "/" + name)
    }
    try Folder.sync(folder.fetchFolder)
  }
}
