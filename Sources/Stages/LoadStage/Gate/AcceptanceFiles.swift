import CommandKit
import Postgres
import Spool
import Support

/// `accepted.json` beside the snapshots that were published although they were refused, from the table, by whichever load
/// comes next where one was killed before it could.
struct AcceptanceFiles {
  let spool: String

  func write(_ session: inout Connection) throws {
    let names = "{" + (try SpoolIndex.snapshots(spool).map(\.description).joined(separator: ",")) + "}"
    let rows = try session.execute(
      """
      SELECT DISTINCT ON (snapshot) snapshot, accepted_by, accept_reason, pg_catalog.to_json(refusals),
        pg_catalog.to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      FROM publication WHERE accepted_by IS NOT NULL AND snapshot = ANY ($1) ORDER BY snapshot, id DESC
      """, [names])
    for row in rows.values {
      guard let id = row[0].flatMap(SnapshotID.init) else { continue }
      let folder = SnapshotFolder(spool: spool, id: id)
      guard try SpoolFile.size(folder.acceptanceManifest) == nil else { continue }
      try folder.use {
        // A clean-up may have removed it meanwhile.
        guard try SpoolFile.size(folder.fetchManifest) != nil else { return }
        try AcceptanceManifest(
          acceptedBy: row[1] ?? "", acceptedAt: row[4] ?? "", reason: row[2] ?? "",
          refusals: DatabaseJSON.value(row[3]) ?? []
        ).publish(at: folder.acceptanceManifest)
      }
    }
  }
}
