import CommandKit
import Postgres
import Spool
import Support

/// Writes `accepted.json` beside the snapshots whose refusal was accepted. The content comes from the database, so the
/// next load also writes files that a killed load did not.
struct AcceptanceFiles {
  let spool: String

  func write(_ session: inout Connection) throws {
    let names = PostgresArray.of(try SpoolIndex.snapshots(spool).map(\.description))
    let rows = try session.rows(String(sql: PackageResources.find_acceptances_sql), [names])
    for row in rows {
      let folder = SnapshotFolder(spool: spool, id: try row.snapshotID("snapshot"))
      guard try SpoolFile.size(folder.acceptanceManifest) == nil else { continue }
      try folder.use {
        // A clean-up may have removed the snapshot meanwhile.
        guard try SpoolFile.size(folder.fetchManifest) != nil else { return }
        try AcceptanceManifest(
          acceptedBy: row.text("accepted_by"), acceptedAt: row.text("published_at"), reason: row.text("accept_reason"),
          refusals: row.textArray("refusals")
        ).publish(at: folder.acceptanceManifest)
      }
    }
  }
}
