import CommandKit
import Postgres
import Spool
import Support

/// Removes what is not needed any more from the spool.
struct SpoolCleanup {
  let spool: String
  /// How many of the newest published snapshots stay, and of the others.
  let keep: Int
  /// Whole snapshots that the database says it published.
  let published: Set<SnapshotID>
  /// Snapshots that stay, however old they are.
  let wanted: Set<SnapshotID>

  func perform(_ freed: inout Freed, stop: StopCheck) throws {
    let snapshots = try SpoolIndex.snapshots(spool).map { SnapshotFolder(spool: spool, id: $0) }
    let facts = try snapshots.map { folder in
      RetentionPlan.Facts(
        folder.id, isFetched: try SpoolFile.size(folder.fetchManifest) != nil,
        hasTransform: try !Folder.names(folder.transformFolder).isEmpty, isPublished: try isPublished(folder),
        isWanted: wanted.contains(folder.id))
    }
    for (folder, fate) in zip(snapshots, RetentionPlan.fates(facts, keep: keep)) where fate != .keep {
      try stop()
      guard let lock = try FileLock.tryLock(folder.useLock) else {
        freed.inUse.append(folder.id.description)
        continue
      }
      try lock.hold {
        switch fate {
        case .keep: break
        case .strip: try strip(folder, &freed)
        case .remove: try remove(folder, &freed)
        }
      }
    }
  }

  /// Whether it is a whole snapshot that was loaded into this or another database. Load then writes its change-feed
  /// files, if the spool is writable.
  private func isPublished(_ folder: SnapshotFolder) throws -> Bool {
    if published.contains(folder.id) { return true }
    guard try !Folder.names(folder.changesFolder).isEmpty else { return false }
    // One with a damaged manifest may be whole, so it counts as whole and is kept.
    do { return try FetchManifest.read(at: folder.fetchManifest)?.terms.whole ?? false } catch let failure as Failure
      where failure.category == .data
    { return true }
  }

  private func strip(_ folder: SnapshotFolder, _ freed: inout Freed) throws {
    let bytes = try Folder.weight(folder.transformFolder) + (SpoolFile.size(folder.transformManifest) ?? 0)
    // The manifest first: what is left of a clean-up that is cut short is a snapshot that is not transformed.
    try SpoolFile.remove(folder.transformManifest)
    try Folder.sync(folder.path)
    try Folder.remove(folder.transformFolder)
    freed.stripped.append(.init(snapshot: folder.id.description, bytes: bytes))
  }

  private func remove(_ folder: SnapshotFolder, _ freed: inout Freed) throws {
    let bytes = try Folder.weight(folder.path)
    // Without its manifest it is a download that a newer one superseded, however much of it is left.
    for manifest in [folder.transformManifest, folder.fetchManifest] { try SpoolFile.remove(manifest) }
    try Folder.sync(folder.path)
    // Once more where a lock file was made in it meanwhile.
    do throws(Failure) { try Folder.remove(folder.path) } catch { try Folder.remove(folder.path) }
    try Folder.sync(spool)
    freed.removed.append(.init(snapshot: folder.id.description, bytes: bytes))
  }
}
