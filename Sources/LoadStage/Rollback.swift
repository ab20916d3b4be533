import Failures
import Postgres
import Spool
import StageKit

/// Which snapshot to go back to.
public enum Rollback {
  /// The snapshot that was published before the one published now; after a rollback the one that it went to, so that the
  /// same command, given again by whoever does not know whether it went through, goes no further back.
  ///
  /// - Parameter note: gets what there is to say of it.
  public static func target(
    _ databaseURL: String, spool: String, applicationName: String = "registry-load",
    stop: @escaping StopCheck = { try StopSignal.check() }, note: (String) -> Void = { _ in }
  ) throws -> SnapshotFolder {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, stop: stop).open()
      let before = try target(&session, spool: spool)
      if let id = try inForce(&session), try Survey.snapshots(spool).contains(id) {
        let further = before.map { "; './pipeline.sh rollback \($0)' goes further back" } ?? ""
        note("the registry was rolled back to \(id) already\(further)")
        return SnapshotFolder(spool: spool, id: id)
      }
      guard let id = before else {
        throw Failure(
          .notReady, "'\(spool)' holds no snapshot that was published before the one that is published now",
          hint:
            "./pipeline.sh status shows what is there; ./pipeline.sh rollback SNAPSHOT takes any whole one that was published"
        )
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }

  /// Of the snapshots that the spool has, the one published last before the one published now was for the first time: a day
  /// that was rolled back itself is passed over.
  static func target(_ session: inout Connection, spool: String) throws -> SnapshotID? {
    try Migrator.requireCurrent(&session)
    let names = "{" + (try Survey.snapshots(spool).map(\.description).joined(separator: ",")) + "}"
    return try session.execute(
      """
      SELECT snapshot FROM publication WHERE whole AND snapshot = ANY ($1) AND id < (
        -- Of a sample or a limited one on top, the whole one under it.
        SELECT CASE WHEN l.whole THEN (SELECT min(f.id) FROM publication f WHERE f.snapshot = l.snapshot) ELSE l.id END
        FROM publication l ORDER BY l.id DESC LIMIT 1)
      ORDER BY id DESC LIMIT 1
      """, [names]
    ).scalar.flatMap(SnapshotID.init)
  }

  /// The snapshot that was gone back to, as long as it is published.
  private static func inForce(_ session: inout Connection) throws -> SnapshotID? {
    try session.execute(
      """
      SELECT snapshot FROM publication WHERE action = 'rollback' AND id > (
        SELECT coalesce(max(p.id), 0) FROM publication p WHERE p.whole AND p.snapshot <> (
          SELECT l.snapshot FROM publication l WHERE l.whole ORDER BY l.id DESC LIMIT 1))
      ORDER BY id DESC LIMIT 1
      """
    ).scalar.flatMap(SnapshotID.init)
  }
}
