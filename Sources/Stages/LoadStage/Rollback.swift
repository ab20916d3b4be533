import CommandKit
import Postgres
import Spool
import Support

/// Which snapshot to go back to.
public enum Rollback {
  /// The snapshot that was published before the one published now; right after a rollback the one that it went to, so
  /// that the same command, given again by whoever does not know whether it went through, goes no further back.
  ///
  /// - Parameter note: gets what there is to say of it.
  public static func target(
    _ databaseURL: String, spool: String, applicationName: String = "registry-load",
    stop: @escaping StopCheck = { try StopSignal.check() }, note: (Hint) -> Void = { _ in }
  ) throws -> SnapshotFolder {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, isReadOnly: true, stop: stop)
        .open()
      let before = try target(&session, spool: spool)
      if let id = try justTaken(&session), try SpoolIndex.snapshots(spool).contains(id) {
        let further: Hint = before.map { "; \(command: .rollback, $0.description) goes further back" } ?? ""
        note("the registry was rolled back to \(id) already" + further)
        return SnapshotFolder(spool: spool, id: id)
      }
      guard let id = before else {
        throw Failure(
          .notReady, "'\(spool)' holds no snapshot that was published before the one that is published now",
          hint:
            "\(command: .status) shows what is there; \(command: .rollback, "SNAPSHOT") takes any whole one that was published"
        )
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }

  /// Of the snapshots that the spool has, the one published last before the one published now was for the first time: a
  /// day that was rolled back itself is passed over.
  static func target(_ session: inout Connection, spool: String) throws -> SnapshotID? {
    try Migrator.requireCurrent(&session)
    return try session.rows(
      String(sql: PackageResources.find_rollback_target_sql),
      [PostgresArray.of(try SpoolIndex.snapshots(spool).map(\.description))]
    ).first?.snapshotID("snapshot")
  }

  /// The snapshot that the last publication went back to, if it was a rollback.
  private static func justTaken(_ session: inout Connection) throws -> SnapshotID? {
    try session.rows(String(sql: PackageResources.find_last_rollback_sql)).first?.snapshotID("snapshot")
  }
}
