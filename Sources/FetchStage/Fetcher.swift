import Digest
import Failures
import Glibc
import Records
import Spool
import StageKit

/// The stage: one source into one snapshot.
public enum Fetcher {
  /// Brings the source into the spool, or finds that it is there already.
  public static func run(_ settings: FetchSettings, log: EventLog) throws -> FetchOutcome {
    try Folder.make(settings.spool, followLinks: true)
    guard let lock = try FileLock.tryLock(settings.spool + "/.fetch.lock") else {
      throw Failure(
        .temporary, "another fetch is at work in '\(settings.spool)'",
        hint: "wait for it, then run the same command again")
    }
    return try lock.hold { try fetch(settings, log: log) }
  }

  private static func fetch(_ settings: FetchSettings, log: EventLog) throws -> FetchOutcome {
    try removeLeftovers(settings.spool)
    let base = settings.terms.whole && !settings.force ? try Base.find(settings.spool, log: log) : nil
    let outcome: FetchOutcome
    switch settings.location {
    case .file(let path), .sample(let path):
      outcome = try FileSource(path: path, settings: settings, base: base, log: log).fetch()
    case .web(let url): outcome = try WebSource(url: url, settings: settings, base: base, log: log).fetch()
    }
    if case .unchanged(let folder, _) = outcome {
      try removeUnfinished(after: folder.id, settings, log: log)
    }
    return outcome
  }

  /// The source is what a finished snapshot has: what was begun from it since is of no version that can still be had, and
  /// would stand in the way as the newest.
  private static func removeUnfinished(after id: SnapshotID, _ settings: FetchSettings, log: EventLog) throws {
    for newer in try Survey.snapshots(settings.spool) where newer > id {
      let folder = SnapshotFolder(spool: settings.spool, id: newer)
      guard !SpoolFile.isThere(folder.fetchManifest),
        let begun = try? DownloadManifest.read(at: folder.downloadManifest),
        begun.source.urlSHA256 == settings.location.digest, begun.terms == settings.terms
      else { continue }
      log.info("snapshot \(newer) was never finished, and its version is gone: it is removed")
      try Folder.remove(folder.path)
    }
  }

  /// What a kill leaves between a folder's making and its first file is removed. A folder that holds anything else is
  /// left alone.
  private static func removeLeftovers(_ spool: String) throws {
    for id in try Survey.snapshots(spool) {
      let folder = SnapshotFolder(spool: spool, id: id)
      guard !SpoolFile.isThere(folder.downloadManifest) else { continue }
      try SpoolFile.remove(folder.path + "/.source.json.tmp")
      try Folder.removeIfEmpty(folder.fetchFolder)
      try Folder.removeIfEmpty(folder.path)
    }
  }

  static func begin(_ settings: FetchSettings, _ source: Source) throws -> (SnapshotFolder, DownloadManifest) {
    let id = SnapshotID.next(after: try Survey.snapshots(settings.spool).last)
    let manifest = DownloadManifest(
      rulesVersion: rulesVersion, source: source, terms: settings.terms, startedAt: Clock.utcTimestamp())
    return (SnapshotFolder(spool: settings.spool, id: id), manifest)
  }

  /// The whole source is there: its manifest is published, unless the base has the same bytes.
  static func complete(
    _ settings: FetchSettings, _ store: SpoolChunkStore, _ progress: CutProgress, sha256: String, base: Base?,
    log: EventLog
  ) throws -> FetchOutcome {
    let folder = store.folder
    if let base, base.manifest.csv.sha256 == sha256 {
      try Folder.remove(folder.path)
      log.info("the source has the same bytes as snapshot \(base.folder.id): nothing to fetch")
      return .unchanged(base.folder, base.manifest)
    }
    try removeChunks(behind: progress.chunks.count, in: folder)
    let manifest = FetchManifest(
      rulesVersion: rulesVersion, source: store.download.source, terms: settings.terms,
      startedAt: store.download.startedAt, completedAt: Clock.utcTimestamp(),
      csv: FileEntry(
        name: "*.csv.zst", bytes: progress.position.offset, compressedBytes: progress.compressedBytes, sha256: sha256,
        records: progress.position.record - 1),
      columns: progress.position.columns ?? [], sourceDate: progress.position.sourceDate, chunks: progress.chunks)
    try manifest.publish(at: folder.fetchManifest)
    return .fetched(folder, manifest)
  }

  /// Chunks of an earlier, longer version that this one does not reach, and temporary files of killed writers.
  private static func removeChunks(behind last: Int, in folder: SnapshotFolder) throws {
    for name in try Folder.names(folder.fetchFolder) {
      let number = name.hasPrefix(".") ? nil : Int(name.prefix(6))
      if number.map({ $0 <= last }) ?? false { continue }
      try SpoolFile.remove(folder.fetchFolder + "/" + name)
    }
    try Folder.sync(folder.fetchFolder)
  }
}
