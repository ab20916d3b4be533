import Spool

/// The newest snapshot that stands for the whole registry: what "unchanged" means.
struct Base: Sendable {
  let folder: SnapshotFolder
  let manifest: FetchManifest

  /// A sample or a limited snapshot is never a base.
  static func find(_ spool: String) throws -> Base? {
    for id in try Survey.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      guard let manifest = try FetchManifest.read(at: folder.fetchManifest), manifest.terms.whole else { continue }
      return Base(folder: folder, manifest: manifest)
    }
    return nil
  }
}
