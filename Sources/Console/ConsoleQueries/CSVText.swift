import Postgres

/// CSV for a spreadsheet: UTF-8 with a byte order mark, commas, CRLF.
///
/// As in the pipeline's own sheets (docs/rules.md), these cells get a leading apostrophe: possible formulas, texts that
/// begin with an apostrophe, values such as `NULL` or `NA`, and digits with a leading zero.
enum CSVText {
  /// The least size in bytes of a piece, except the last.
  private static let pieceBytes = 1 << 16

  /// Writes the header and the rows of a query.
  ///
  /// - Parameter write: receives the file piece by piece.
  /// - Returns: the number of rows.
  @discardableResult
  static func write(
    header: [String], _ query: String, _ connection: inout Connection, _ write: ([UInt8]) throws -> Void
  ) throws -> Int {
    var piece = Array("\u{FEFF}\(header.joined(separator: ","))\r\n".utf8)
    let rows = try connection.copyOut("COPY (\(query)) TO STDOUT (FORMAT csv)") { row in
      piece.append(contentsOf: row)
      piece.append(contentsOf: "\r\n".utf8)
      guard piece.count >= pieceBytes else { return }
      try write(piece)
      piece.removeAll(keepingCapacity: true)
    }
    if !piece.isEmpty { try write(piece) }
    return rows
  }
}
