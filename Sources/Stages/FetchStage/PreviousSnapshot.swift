import CommandKit
import Records
import Spool
import Support

/// The newest snapshot of the whole registry, with which the source is compared.
struct PreviousSnapshot: Sendable {
  let folder: SnapshotFolder
  let manifest: FetchManifest

  /// Finds the newest snapshot that is neither a sample nor limited.
  ///
  /// - Returns: nil if there is none, if it was fetched by other rules, or if its manifest is damaged.
  static func find(_ spool: String, log: EventLog) throws -> PreviousSnapshot? {
    for id in try SpoolIndex.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      do {
        guard let manifest = try FetchManifest.read(at: folder.fetchManifest), manifest.terms.whole else { continue }
        guard manifest.rulesVersion == rulesVersion else {
          log.info("snapshot \(id) was fetched with another rules version: the source is fetched again")
          return nil
        }
        return PreviousSnapshot(folder: folder, manifest: manifest)
      } catch let failure as Failure where failure.category == .data {
        // A damaged snapshot cannot be compared with. Fetching again lets a nightly run recover by itself.
        log.warning("\(failure.message): the source is fetched again")
        return nil
      }
    }
    return nil
  }
}
