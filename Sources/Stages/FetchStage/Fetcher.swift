import CommandKit
import Spool
import Support

/// The fetch stage: reads one source into one snapshot.
public enum Fetcher {
  /// Fetches the source into the spool, unless it is unchanged since the newest whole snapshot.
  public static func run(_ settings: FetchSettings, log: EventLog) throws -> FetchOutcome {
    try Folder.make(settings.spool, followLinks: true)
    let path = settings.spool + "/.fetch.lock"
    guard let lock = try FileLock.tryLock(path) else {
      throw Failure(
        .temporary, "another fetch is running in '\(settings.spool)'",
        hint: "wait for it, then run the same command again")
    }
    return try lock.hold {
      try Folder.requireFileSystem(settings.spool, lock: path)
      let outcome = try fetchOrFallBack(settings, log: log)
      if case .unchanged(let folder, _) = outcome {
        try removeUnfinished(after: folder.id, settings, log: log)
      }
      return outcome
    }
  }

  private static func fetchOrFallBack(_ settings: FetchSettings, log: EventLog) throws -> FetchOutcome {
    do { return try fetch(settings, log: log) } catch let failure as Failure {
      guard let fallback = settings.fallback, [.unavailable, .data].contains(failure.category) else { throw failure }
      log.warning("\(failure.message): fetching \(fallback.shown) instead")
      var settings = settings
      (settings.location, settings.fallback) = (fallback, nil)
      return try fetch(settings, log: log)
    }
  }

  private static func fetch(_ settings: FetchSettings, log: EventLog) throws -> FetchOutcome {
    try removeLeftovers(settings.spool)
    let previous = settings.terms.whole && !settings.force ? try PreviousSnapshot.find(settings.spool, log: log) : nil
    do { return try read(settings, previous, log) } catch let failure as Failure where failure.category == .data {
      try removeRefusedArchive(settings, log: log)
      throw failure
    }
  }

  private static func read(
    _ settings: FetchSettings, _ previous: PreviousSnapshot?, _ log: EventLog
  ) throws -> FetchOutcome {
    switch settings.location {
    case .file(let path), .sample(let path):
      if let pipe = try StreamSource(pipe: path, settings, previous: previous, log: log) { return try pipe.fetch() }
      return try FileSource(path: path, settings: settings, previous: previous, log: log).fetch()
    case .descriptor(let number): return try StreamSource(number, settings, previous: previous, log: log).fetch()
    case .web(let url): return try Download.run(url, settings, previous: previous, log: log)
    }
  }

  /// Removes the snapshot that was begun from an archive that is not acceptable: it may have chunks of good bytes, and
  /// transform would pick it as the newest snapshot.
  private static func removeRefusedArchive(_ settings: FetchSettings, log: EventLog) throws {
    guard let begun = try UnfinishedSnapshot.find(settings, log: log), begun.manifest.archiveFormat != nil
    else { return }
    try Folder.remove(begun.folder.path)
  }

  /// Removes unfinished snapshots that are newer than the finished snapshot `id`, which has the current source. Their
  /// version of the source is no longer available, and transform would pick them as the newest snapshot.
  private static func removeUnfinished(after id: SnapshotID, _ settings: FetchSettings, log: EventLog) throws {
    let sources = [settings.location.digest, settings.fallback?.digest]
    for newer in try SpoolIndex.snapshots(settings.spool) where newer > id {
      let folder = SnapshotFolder(spool: settings.spool, id: newer)
      guard !SpoolFile.isThere(folder.fetchManifest),
        let begun = try? DownloadManifest.read(at: folder.downloadManifest),
        sources.contains(begun.source.urlSHA256), begun.terms == settings.terms
      else { continue }
      log.info("snapshot \(newer) is unfinished and its version is no longer available: it is removed")
      try Folder.remove(folder.path)
    }
  }

  /// Removes the folders of a fetch that was killed before it wrote `source.json`. Keeps a folder that has any other
  /// file.
  private static func removeLeftovers(_ spool: String) throws {
    for id in try SpoolIndex.snapshots(spool) {
      let folder = SnapshotFolder(spool: spool, id: id)
      guard !SpoolFile.isThere(folder.downloadManifest) else { continue }
      try SpoolFile.remove(folder.path + "/.source.json.tmp")
      try Folder.removeIfEmpty(folder.fetchFolder)
      try Folder.removeIfEmpty(folder.path)
    }
  }
}

/// The result of a fetch.
public enum FetchOutcome: Sendable {
  /// A new snapshot is complete.
  case fetched(SnapshotFolder, FetchManifest)
  /// The source has not changed since this snapshot.
  case unchanged(SnapshotFolder, FetchManifest)

  public var folder: SnapshotFolder {
    switch self {
    case .fetched(let folder, _), .unchanged(let folder, _): folder
    }
  }

  public var manifest: FetchManifest {
    switch self {
    case .fetched(_, let manifest), .unchanged(_, let manifest): manifest
    }
  }
}
