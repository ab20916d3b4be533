import CommandKit
import Spool
import Support

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
    let previous = settings.terms.whole && !settings.force ? try PreviousSnapshot.find(settings.spool, log: log) : nil
    let outcome: FetchOutcome
    switch settings.location {
    case .file(let path), .sample(let path):
      outcome = try FileSource(path: path, settings: settings, previous: previous, log: log).fetch()
    case .web(let url): outcome = try Download.run(url, settings, previous: previous, log: log)
    }
    if case .unchanged(let folder, _) = outcome {
      try removeUnfinished(after: folder.id, settings, log: log)
    }
    return outcome
  }

  /// The source is what a finished snapshot has: what was begun from it since is of no version that can still be had,
  /// and would stand in the way as the newest.
  private static func removeUnfinished(after id: SnapshotID, _ settings: FetchSettings, log: EventLog) throws {
    for newer in try SpoolIndex.snapshots(settings.spool) where newer > id {
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
    for id in try SpoolIndex.snapshots(spool) {
      let folder = SnapshotFolder(spool: spool, id: id)
      guard !SpoolFile.isThere(folder.downloadManifest) else { continue }
      try SpoolFile.remove(folder.path + "/.source.json.tmp")
      try Folder.removeIfEmpty(folder.fetchFolder)
      try Folder.removeIfEmpty(folder.path)
    }
  }
}

/// What fetch did.
public enum FetchOutcome: Sendable {
  /// A snapshot is whole.
  case fetched(SnapshotFolder, FetchManifest)
  /// The source is what the spool has already.
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
