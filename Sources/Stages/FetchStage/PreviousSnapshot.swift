import CommandKit
import Records
import Spool
import Support

/// The newest snapshot that stands for the whole registry: what "unchanged" means.
struct PreviousSnapshot: Sendable {
  let folder: SnapshotFolder
  let manifest: FetchManifest

  /// A sample or a limited snapshot is never one.
  static func find(_ spool: String, log: EventLog) throws -> PreviousSnapshot? {
    for id in try SpoolIndex.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      do {
        guard let manifest = try FetchManifest.read(at: folder.fetchManifest), manifest.terms.whole else { continue }
        guard manifest.rulesVersion == rulesVersion else {
          log.info("snapshot \(id) was fetched by other rules: the source is fetched again")
          return nil
        }
        return PreviousSnapshot(folder: folder, manifest: manifest)
      } catch let failure as Failure where failure.category == .data {
        // Nothing is known to be unchanged by it: the source is fetched again, which mends a nightly run by itself.
        log.warning("\(failure.message): the source is fetched again")
        return nil
      }
    }
    return nil
  }
}
