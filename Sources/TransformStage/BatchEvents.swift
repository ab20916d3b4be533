import Spool
import StageKit

/// What is told of each chunk: once, when the snapshot is settled and the numbers are final, and by the process that
/// settled it, so that sums over events are sums over records.
enum BatchEvents {
  static func tell(_ plan: SnapshotPlan, isDryRun: Bool, newlyJudged: Bool, log: EventLog) throws {
    for chunk in plan.chunks {
      let number = chunk.manifest.chunk
      guard let manifest = try TransformChunkManifest.read(at: plan.folder.transformChunkManifest(number)) else {
        continue
      }
      let totals = manifest.totals
      var fields: [String: EventLog.Field] = [
        "batch_num": .count(number), "raw_count": .count(totals.total), "records_success": .count(totals.processed),
        "records_failed": .count(totals.failed), "records_duplicates": .count(totals.duplicated),
      ]
      if isDryRun { log.event(.batchDryRun, "chunk \(number): \(totals.processed) records would be loaded", fields) }
      guard newlyJudged, manifest.findings.records > 0 else { continue }
      fields["error_count"] = .count(totals.failed + totals.duplicated)
      let counts = manifest.findingCounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      log.event(.batchValidationErrors, "chunk \(number): \(counts.joined(separator: ", "))", fields)
    }
  }
}
