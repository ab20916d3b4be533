import Records
import Spool
import Support

/// Rows of a sheet that was exported from an older snapshot. Their records may have changed since, in columns that
/// nobody corrected, or be gone.
enum OutdatedRows {
  /// - Returns: the records whose rows were exported, but not from what the snapshot has.
  static func of(_ records: [CorrectionSheet.Record], in snapshot: FinalizedSnapshot) throws -> [CorrectionSheet.Record]
  {
    var missing = Set(records.compactMap(\.fingerprint))
    let header = try snapshot.header()
    var scanner = RecordScanner()
    for batch in snapshot.batches where !missing.isEmpty {
      let file = snapshot.findings(of: batch)
      try file.readLines { line in
        guard !missing.isEmpty else { return }
        let finding: Finding
        do { finding = try Finding(line: line) } catch { throw file.damaged("it has a line that is no finding") }
        guard finding.record > 0 else { return }
        let row = SheetRow(
          line: finding.line, record: finding.record, raw: finding.rawBytes ?? [],
          isTruncated: finding.truncated ?? false)
        missing.remove(row.fingerprint(header: header, scanner: &scanner))
      }
    }
    return records.filter { record in record.fingerprint.map(missing.contains) ?? false }
  }
}
