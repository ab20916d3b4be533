import Postgres
import Records

extension ExportSource {
  /// The least size in bytes of a block, except the last.
  private static let blockBytes = 1 << 16

  /// Writes CSV for a spreadsheet (docs/rules.md), with a byte order mark, or lines of JSON.
  ///
  /// - Returns: the number of rows.
  func writeLines(
    _ format: RegistryExport.Format, _ session: inout Connection, _ write: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    let cells = columns.flatMap(\.cells)
    let isCSV = format == .csv
    let lineEnd = isCSV ? "\r\n" : "\n"
    var block = isCSV ? Array("\u{FEFF}\(cells.map(\.header).joined(separator: ","))\(lineEnd)".utf8) : []
    let collect = { (row: UnsafeRawBufferPointer) in
      block.append(contentsOf: row)
      block.append(contentsOf: lineEnd.utf8)
      guard block.count >= Self.blockBytes else { return }
      try block.withUnsafeBytes(write)
      block.removeAll(keepingCapacity: true)
    }
    let rows =
      isCSV
      ? try copy(row: cells.map(\.sql).joined(separator: ", "), &session, collect) : try copyJSON(&session, collect)
    try block.withUnsafeBytes(write)
    return rows
  }

  /// Copies each row out as a JSON object. The delimiter and the quote are characters that JSON never contains, so nothing
  /// is escaped.
  func copyJSON(_ session: inout Connection, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    try copy(row: "pg_catalog.row_to_json(r)", format: #"DELIMITER E'\x01', QUOTE E'\x02'"#, &session, body)
  }
}
