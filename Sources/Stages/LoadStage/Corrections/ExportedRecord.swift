import Records
import Spool
import Support

/// A record with a finding, which a row of a correction sheet was exported from.
struct ExportedRecord {
  /// Nil where it has none that can be read.
  let ban: UInt32?
  /// Whether it was accepted, with a warning.
  let isAccepted: Bool

  /// Those of a snapshot that rows of a sheet name, by the rows' checksums. A sheet of an older snapshot may name some that
  /// the source has changed since, or dropped.
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
        do { finding = try Finding(line: line) } catch { throw file.damaged("it has a line that is no finding") }
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
  case outdated = "were exported from records that the published snapshot has otherwise or not at all"
  case otherBAN = "change the BAN of a record that was accepted: the business would be in the registry twice"
  case duplicate = "have the BAN of another business of the source, which they would replace"

  /// - Parameters:
  ///   - exported: nil where the snapshot has no such record.
  ///   - isTaken: whether the registry has a business of the row's BAN from the source.
  init?(_ row: CorrectionSheet.Record, _ exported: ExportedRecord?, isTaken: Bool) {
    // Somebody typed the row in.
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
