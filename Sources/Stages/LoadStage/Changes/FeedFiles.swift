import CommandKit
import Postgres
import Spool
import Support

/// The change feed as files in the spool, beside the snapshots whose publication it tells of. They are written after the
/// COMMIT, from the table, by whichever load comes next where one was killed before it could.
struct FeedFiles {
  let spool: String
  let stop: StopCheck

  private struct Missing {
    let folder: SnapshotFolder
    let jobRunID: Int
    let runID: String?
    let action: String
    let sourceDate: String?
  }

  /// Writes every file that is missing and whose snapshot the spool has.
  func write(_ session: inout Connection) throws {
    guard try !missing(&session).isEmpty else { return }
    // Another load may be at it.
    try FileLock.lock(spool + "/.changes.lock", stop: checkStop).hold {
      var failures: [Failure] = []
      for missing in try missing(&session) {
        // What is in the way of one is not in the way of the others.
        do { try missing.folder.use { try write(missing, &session) } } catch let failure as Failure
          where failure.category == .storage
        {
          failures.append(failure)
        }
      }
      if let failure = failures.first { throw failure }
    }
  }

  private func checkStop() throws(Failure) {
    do { try stop() } catch { throw Failure(from: error) }
  }

  private func missing(_ session: inout Connection) throws -> [Missing] {
    let snapshots = try SpoolIndex.snapshots(spool)
    guard !snapshots.isEmpty else { return [] }
    let names = "{" + snapshots.map(\.description).joined(separator: ",") + "}"
    let rows = try session.execute(
      """
      SELECT p.snapshot, p.job_run_id, j.run_id, p.action, p.source_date
      FROM publication p JOIN etl_job_run j ON j.id = p.job_run_id
      WHERE p.snapshot = ANY ($1) AND p.feed_expired_at IS NULL ORDER BY p.id
      """, [names])
    return rows.values.compactMap { row in
      guard let id = row[0].flatMap(SnapshotID.init), let jobRunID = row[1].flatMap({ Int($0) }) else { return nil }
      let folder = SnapshotFolder(spool: spool, id: id)
      let manifest = try? ChangesManifest.read(at: folder.changesManifest(jobRunID))
      let size = (try? SpoolFile.size(folder.changes(jobRunID))) ?? nil
      if let manifest, manifest.runID == row[2], size == manifest.changes.compressedBytes { return nil }
      return Missing(folder: folder, jobRunID: jobRunID, runID: row[2], action: row[3] ?? "", sourceDate: row[4])
    }
  }

  private func write(_ missing: Missing, _ session: inout Connection) throws {
    let folder = missing.folder
    // A clean-up may have removed it meanwhile.
    guard try SpoolFile.size(folder.fetchManifest) != nil else { return }
    try Folder.make(folder.changesFolder)
    // While the file is replaced no manifest describes it.
    try SpoolFile.remove(folder.changesManifest(missing.jobRunID))
    try Folder.sync(folder.changesFolder)
    var file = try CompressedFile()
    let path = folder.changes(missing.jobRunID)
    var lines: [UInt8] = []
    try file.append(UnsafeRawBufferPointer(start: nil, count: 0), to: path)
    // As CSV with marks that JSON never has, so that each line is the JSON itself and not an escaped form of it.
    let count = try session.copyOut(
      """
      COPY (
        SELECT pg_catalog.row_to_json(c) FROM (
          SELECT job_run_id, source_date, ban, kind, reason, changed_columns, before, after
          FROM registration_change WHERE job_run_id = \(missing.jobRunID) ORDER BY ban
        ) AS c
      ) TO STDOUT (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')
      """
    ) { line in
      lines.append(contentsOf: line)
      lines.append(UInt8(ascii: "\n"))
      guard lines.count > 1 << 18 else { return }
      try stop()
      try lines.withUnsafeBytes { try file.append($0, to: path) }
      lines.removeAll(keepingCapacity: true)
    }
    try lines.withUnsafeBytes { try file.append($0, to: path) }
    let entry = try file.describe(records: count)
    try file.keep()
    try Folder.sync(folder.changesFolder)
    try ChangesManifest(
      jobRunID: missing.jobRunID, runID: missing.runID, action: missing.action, sourceDate: missing.sourceDate,
      changes: entry
    ).publish(at: folder.changesManifest(missing.jobRunID))
  }
}
