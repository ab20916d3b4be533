import Records
import Spool

/// A correction sheet while it is written, with one row per record. The findings of a record must be consecutive.
struct FindingsSheet: ~Copyable {
  private var file: DurableFile
  private let header: Header
  private var scanner = RecordScanner()
  private var row: SheetRow?
  private var block = SheetRow.head
  private var rows = 0

  private static let blockBytes = 1 << 18

  /// Writes a sheet. The file is flushed and gets its name once `fill` has added all findings.
  ///
  /// - Returns: the number of rows without the header.
  static func write(
    _ path: String, header: Header, _ fill: (inout FindingsSheet) throws -> Void
  ) throws -> Int {
    var sheet = FindingsSheet(file: try DurableFile(path, mode: 0o644, isExclusive: true), header: header)
    try fill(&sheet)
    try sheet.endRow()
    try sheet.flush()
    let rows = sheet.rows
    try sheet.file.publish()
    return rows
  }

  private init(file: consuming DurableFile, header: Header) {
    self.file = file
    self.header = header
  }

  mutating func append(_ finding: Finding) throws {
    // A finding without a record cannot be corrected in a sheet.
    guard finding.record > 0 else { return }
    if row?.record != finding.record { try endRow() }
    var row =
      row
      ?? SheetRow(
        line: finding.line, record: finding.record, raw: finding.rawBytes ?? [],
        isTruncated: finding.truncated ?? false)
    row.codes.append(finding.code)
    row.columns.append(finding.column ?? "")
    row.messages.append(finding.message)
    self.row = row
  }

  private mutating func endRow() throws {
    guard let ended = row else { return }
    row = nil
    rows += 1
    block += ended.csv(header: header, scanner: &scanner)
    if block.count >= Self.blockBytes { try flush() }
  }

  private mutating func flush() throws {
    try block.withUnsafeBytes { try file.write($0) }
    block.removeAll(keepingCapacity: true)
  }
}
