import CommandKit
import Postgres
import Spool
import Support

/// Writes the change feed of each publication as files in the spool, beside its snapshot. They are written from the
/// table after the COMMIT, so the next load also writes files that a killed load did not.
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

  /// Writes every missing file of the snapshots that the spool has.
  func write(_ session: inout Connection) throws {
    guard try !missing(&session).isEmpty else { return }
    // Another load may write the files meanwhile.
    try FileLock.lock(spool + "/.changes.lock", stop: checkStop).hold {
      var failures: [Failure] = []
      for missing in try missing(&session) {
        // If a file cannot be written, the others are written before the error is thrown.
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
    let rows = try session.rows(
      """
      SELECT p.snapshot, p.job_run_id, j.run_id, p.action, p.source_date
      FROM publication p JOIN etl_job_run j ON j.id = p.job_run_id
      WHERE p.snapshot = ANY ($1) AND p.feed_expired_at IS NULL ORDER BY p.id
      """, [PostgresArray.of(snapshots.map(\.description))])
    return try rows.compactMap { row in
      let folder = SnapshotFolder(spool: spool, id: try row.snapshotID("snapshot"))
      let (jobRunID, runID) = (try row.int("job_run_id"), try row.optionalText("run_id"))
      let manifest = try? ChangesManifest.read(at: folder.changesManifest(jobRunID))
      let size = (try? SpoolFile.size(folder.changes(jobRunID))) ?? nil
      if let manifest, manifest.runID == runID, size == manifest.changes.compressedBytes { return nil }
      return Missing(
        folder: folder, jobRunID: jobRunID, runID: runID, action: try row.text("action"),
        sourceDate: try row.optionalText("source_date"))
    }
  }

  private func write(_ missing: Missing, _ session: inout Connection) throws {
    let folder = missing.folder
    // A clean-up may have removed the snapshot meanwhile.
    guard try SpoolFile.size(folder.fetchManifest) != nil else { return }
    try Folder.make(folder.changesFolder)
    // While the file is replaced, no manifest describes it.
    try SpoolFile.remove(folder.changesManifest(missing.jobRunID))
    try Folder.sync(folder.changesFolder)
    var file = try CompressedFile()
    let path = folder.changes(missing.jobRunID)
    var lines: [UInt8] = []
    try file.append(UnsafeRawBufferPointer(start: nil, count: 0), to: path)
    let rows = try String(sql: PackageResources.copy_feed_file_sql, ["job_run_id": "\(missing.jobRunID)"])
    let count = try session.copyOut(rows) { line in
      lines.append(contentsOf: line)
      lines.append(UInt8(ascii: "\n"))
      guard lines.count > 1 << 18 else { return }
      try stop()
      try lines.withUnsafeBytes { try file.append($0, to: path) }
      lines.removeAll(keepingCapacity: true)
    }
    try lines.withUnsafeBytes { try file.append($0, to: path) }
    let entry = try file.describe(records: count)
    try file.commit()
    try Folder.sync(folder.changesFolder)
    try ChangesManifest(
      jobRunID: missing.jobRunID, runID: missing.runID, action: missing.action, sourceDate: missing.sourceDate,
      changes: entry
    ).publish(at: folder.changesManifest(missing.jobRunID))
  }
}
