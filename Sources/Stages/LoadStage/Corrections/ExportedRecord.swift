import Records
import Spool
import Support

/// A record with a finding, from which a row of a correction sheet was exported.
struct ExportedRecord {
  /// Nil if no BAN can be read.
  let ban: UInt32?
  /// Whether it was accepted, with a warning.
  let isAccepted: Bool

  /// Finds the records of a snapshot from which rows of a sheet were exported. If the sheet is from an older snapshot,
  /// the source may have changed or dropped some of them.
  ///
  /// - Returns: the records by fingerprint.
  static func find(
    _ rows: [CorrectionSheet.Record], in snapshot: FinalizedSnapshot
  ) throws -> [String: ExportedRecord] {
    var wanted = Set(rows.compactMap(\.fingerprint))
    var found: [String: ExportedRecord] = [:]
    let header = try snapshot.header()
    var scanner = RecordScanner()
    for batch in snapshot.batches where !wanted.isEmpty {
      let file = snapshot.findings(of: batch)
      try file.readLines { line in
        guard !wanted.isEmpty else { return }
        let finding: Finding
        do { finding = try Finding(line: line) } catch { throw file.damaged("it has a line that is not a finding") }
        guard finding.record > 0, let raw = finding.rawBytes else { return }
        let row = SheetRow(
          line: finding.line, record: finding.record, raw: raw, isTruncated: finding.truncated ?? false)
        let fingerprint = row.fingerprint(header: header, scanner: &scanner)
        guard wanted.remove(fingerprint) != nil else { return }
        found[fingerprint] = ExportedRecord(
          ban: raw.withUnsafeBufferPointer { BANExtractor.of($0, header: header, scanner: &scanner) },
          isAccepted: finding.severity != "error")
      }
    }
    return found
  }
}

/// Why a row of a sheet is left out.
enum SheetRowProblem: String, CaseIterable {
  case outdated = "were exported from records that differ or are missing in the published snapshot"
  case otherBAN = "change the BAN of a record that was accepted: the business would be in the registry twice"
  case duplicate = "have the BAN of another business of the source, which they would replace"

  /// - Parameters:
  ///   - exported: nil if the snapshot has no such record.
  ///   - isTaken: whether the registry has a business with the row's BAN from the source.
  init?(_ row: CorrectionSheet.Record, _ exported: ExportedRecord?, isTaken: Bool) {
    // A row without a fingerprint was typed in.
    guard row.fingerprint != nil else { return nil }
    guard let exported else {
      self = .outdated
      return
    }
    if exported.isAccepted {
      guard exported.ban != row.ban else { return nil }
      self = .otherBAN
    } else {
      guard isTaken else { return nil }
      self = .duplicate
    }
  }
}
