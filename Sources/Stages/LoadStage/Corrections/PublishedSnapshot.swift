import CommandKit
import Postgres
import Spool
import Support

/// The snapshot that is published now, to which corrections are applied.
public enum PublishedSnapshot {
  /// Finds the snapshot in the spool.
  ///
  /// - Throws: category `notReady` if nothing is published, or the spool does not have the snapshot.
  public static func find(
    _ databaseURL: String, spool: String, applicationName: String = "registry-load",
    stop: @escaping StopCheck = { try StopSignal.check() }
  ) throws -> SnapshotFolder {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, isReadOnly: true, stop: stop)
        .open()
      guard try session.bool("SELECT pg_catalog.to_regclass('publication') IS NOT NULL"),
        let last = try session.rows("SELECT snapshot FROM publication ORDER BY id DESC LIMIT 1").first
      else {
        throw Failure(
          .notReady, "\(session.place): no snapshot was published here yet",
          hint: "load one first: \(command: .load)")
      }
      let id = try last.snapshotID("snapshot")
      guard try SpoolIndex.snapshots(spool).contains(id) else {
        throw Failure(
          .notReady, "the published snapshot \(id) is not in '\(spool)'; corrections need its files",
          hint:
            "run the command with the spool that has it (--spool DIR), or publish a new snapshot first: \(command: .run)"
        )
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }
}
