import Failures
import Postgres
import Spool
import StageKit

/// Which snapshot to go back to.
public enum Rollback {
  /// The newest snapshot of the spool that was published and is older than the one published now.
  public static func target(
    _ databaseURL: String, spool: String, applicationName: String = "registry-load",
    stop: @escaping StopCheck = { try StopSignal.check() }
  ) throws -> SnapshotFolder {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, stop: stop).open()
      guard let id = try target(&session, spool: spool) else {
        throw Failure(
          .notReady, "'\(spool)' holds no snapshot that was published before the one that is published now",
          hint: "./pipeline.sh status shows what is there; ./pipeline.sh rollback SNAPSHOT takes any whole one")
      }
      return SnapshotFolder(spool: spool, id: id)
    } catch { throw Failure(from: error) }
  }

  static func target(_ session: inout Connection, spool: String) throws -> SnapshotID? {
    guard try Migrator.isCurrent(&session), let last = try Publication.last(&session) else { return nil }
    let snapshots = try Survey.snapshots(spool).filter { $0.description < last.snapshot }
    let names = "{" + snapshots.map(\.description).joined(separator: ",") + "}"
    return try session.execute(
      "SELECT max(snapshot) FROM publication WHERE whole AND snapshot = ANY ($1)", [names]
    ).scalar.flatMap(SnapshotID.init)
  }
}
