import CommandKit
import Postgres
import Spool
import Support

/// Removes old snapshots, and files that can be rebuilt, from the spool.
struct SpoolCleanup {
  let spool: String
  /// How many of the newest published snapshots stay, and of the others.
  let keep: Int
  /// Whole snapshots that the database has published.
  let published: Set<SnapshotID>
  /// Snapshots that stay, regardless of their age.
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

  /// Returns whether it is a whole snapshot that was loaded into this or another database. Another database is
  /// recognized by the change-feed files, which load writes if the spool is writable.
  private func isPublished(_ folder: SnapshotFolder) throws -> Bool {
    if published.contains(folder.id) { return true }
    guard try !Folder.names(folder.changesFolder).isEmpty else { return false }
    // A snapshot with a damaged manifest may be whole, so it counts as whole and is kept.
    do { return try FetchManifest.read(at: folder.fetchManifest)?.terms.whole ?? false } catch let failure as Failure
      where failure.category == .data
    { return true }
  }

  private func strip(_ folder: SnapshotFolder, _ freed: inout Freed) throws {
    let bytes = try Folder.weight(folder.transformFolder) + (SpoolFile.size(folder.transformManifest) ?? 0)
    // The manifest first: if the clean-up is interrupted, the snapshot counts as not transformed.
    try SpoolFile.remove(folder.transformManifest)
    try Folder.sync(folder.path)
    try Folder.remove(folder.transformFolder)
    freed.stripped.append(.init(snapshot: folder.id.description, bytes: bytes))
  }

  private func remove(_ folder: SnapshotFolder, _ freed: inout Freed) throws {
    let bytes = try Folder.weight(folder.path)
    // The manifests first: if the clean-up is interrupted, the rest counts as a superseded download.
    for manifest in [folder.transformManifest, folder.fetchManifest] { try SpoolFile.remove(manifest) }
    try Folder.sync(folder.path)
    // Retry once: another process may have created a lock file in it meanwhile.
    do throws(Failure) { try Folder.remove(folder.path) } catch { try Folder.remove(folder.path) }
    try Folder.sync(spool)
    freed.removed.append(.init(snapshot: folder.id.description, bytes: bytes))
  }
}
