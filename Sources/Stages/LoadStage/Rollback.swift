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
      let before = try targets(&session)
      let inSpool = Set(try SpoolIndex.snapshots(spool))
      let near = before.first { inSpool.contains($0) }
      if let id = try justTaken(&session), inSpool.contains(id) {
        let further: Hint = near.map { "; \(command: .rollback, $0.description) goes further back" } ?? ""
        note("the registry was rolled back to \(id) already" + further)
        return SnapshotFolder(spool: spool, id: id)
      }
      guard let id = before.first else {
        throw Failure(
          .notReady, "\(session.place): no other snapshot was published before the one that is published now",
          hint:
            "\(command: .status) shows what is there; \(command: .rollback, "SNAPSHOT") takes any whole one that was published"
        )
      }
      // Another one would take back more than was asked for.
      guard inSpool.contains(id) else {
        throw Failure(
          .notReady, "snapshot \(id), which was published before the one that is published now, is not in '\(spool)'",
          hint: near.map { "\(command: .rollback, $0.description) goes back to an earlier one that is" }
            ?? "--spool DIR names the spool that has it")
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }

  /// Of the snapshots to go back to, the nearest one that the spool has.
  static func target(_ session: inout Connection, spool: String) throws -> SnapshotID? {
    let inSpool = Set(try SpoolIndex.snapshots(spool))
    return try targets(&session).first { inSpool.contains($0) }
  }

  private static func targets(_ session: inout Connection) throws -> [SnapshotID] {
    try Migrator.requireCurrent(&session)
    return try session.rows(String(sql: PackageResources.find_rollback_target_sql)).map {
      try $0.snapshotID("snapshot")
    }
  }

  /// The snapshot that the last publication went back to, if it was a rollback.
  private static func justTaken(_ session: inout Connection) throws -> SnapshotID? {
    try session.rows(String(sql: PackageResources.find_last_rollback_sql)).first?.snapshotID("snapshot")
  }
}
