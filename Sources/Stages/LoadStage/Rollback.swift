import CommandKit
import Postgres
import Spool
import Support

/// Finds the snapshot to roll back to.
public enum Rollback {
  /// Returns the snapshot that was published before the present one. Right after a rollback it returns that rollback's
  /// target, so that repeating the command goes no further back.
  ///
  /// - Parameter note: called with a hint if the registry was rolled back already.
  /// - Throws: category `notReady` if there is no such snapshot, or the spool does not have it.
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
        note("the registry was already rolled back to \(id)" + further)
        return SnapshotFolder(spool: spool, id: id)
      }
      guard let id = before.first else {
        throw Failure(
          .notReady, "\(session.place): unable to roll back: no snapshot was published before the current one",
          hint:
            "\(command: .status) lists the snapshots; \(command: .rollback, "SNAPSHOT") can go back to every whole snapshot that was published here"
        )
      }
      // Any other snapshot would undo more than the caller asked for.
      guard inSpool.contains(id) else {
        throw Failure(
          .notReady, "snapshot \(id), published before the current one, is not in '\(spool)'",
          hint: near.map {
            "\(command: .rollback, $0.description) goes back to the newest earlier snapshot in this spool"
          }
            ?? "run the command with the spool that has it: --spool DIR")
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }

  /// Returns the nearest snapshot to roll back to that the spool has.
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

  /// Returns the snapshot that the last publication rolled back to, if it was a rollback.
  private static func justTaken(_ session: inout Connection) throws -> SnapshotID? {
    try session.rows(String(sql: PackageResources.find_last_rollback_sql)).first?.snapshotID("snapshot")
  }
}
