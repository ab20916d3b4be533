import Support

/// A row of a correction sheet, for writing: a record, its findings, and its values to be corrected.
public struct SheetRow: Sendable {
  public var line: Int
  public var record: Int
  /// One for each finding; a column is empty if the finding concerns the whole record.
  public var codes: [String] = []
  public var columns: [String] = []
  public var messages: [String] = []
  /// The record's bytes, as stored in the finding.
  public var raw: [UInt8]
  /// Whether ``raw`` is only the beginning of a longer record.
  public var isTruncated: Bool

  public init(line: Int, record: Int, raw: [UInt8], isTruncated: Bool) {
    self.line = line
    self.record = record
    self.raw = raw
    self.isTruncated = isTruncated
  }

  /// The sheet's header, with the byte order mark by which Excel recognises UTF-8.
  public static var head: [UInt8] {
    let names =
      ["codes", "line", "record", "columns", "messages"] + Column.allCases.map(\.name) + [
        RowChecksum.column, "raw",
      ]
    return [0xEF, 0xBB, 0xBF] + Array(names.joined(separator: ",").utf8) + [.lineFeed]
  }

  /// A row must not exceed the maximum size of a record, or the sheet could not be read back. Values of more bytes than
  /// this (all together, as CSV) are left out. The raw record is cut at its own limit.
  private static let valueBytesMax = 32 << 10
  private static let rawBytesMax = 12 << 10

  /// Returns the row as CSV with its line feed.
  ///
  /// - Parameter header: the header of the source.
  public func csv(header: Header, scanner: inout RecordScanner) -> [UInt8] {
    var row: [UInt8] = []
    for text in [
      codes.joined(separator: " "), "\(line)", "\(record)", columns.filter { !$0.isEmpty }.joined(separator: " "),
      messages.joined(separator: "; "),
    ] {
      SheetCell.append(SheetCell.escape(Array(text.utf8), isQuoted: false), to: &row)
      row.append(.comma)
    }
    let values = values(header: header, scanner: &scanner)
    for (_, cell) in values {
      SheetCell.append(cell, to: &row)
      row.append(.comma)
    }
    row += Array(RowChecksum.of(values.map(\.value)).utf8) + [.comma]
    SheetCell.append(SheetCell.escape(shownRaw, isQuoted: false), to: &row)
    row.append(.lineFeed)
    return row
  }

  /// Returns the ``CorrectionSheet/Record/fingerprint`` of a row that was exported from this record.
  public func fingerprint(header: Header, scanner: inout RecordScanner) -> String {
    RowChecksum.of(values(header: header, scanner: &scanner).map(\.value))
  }

  /// The values and cells of the published columns; empty if they cannot be read from the record.
  private func values(header: Header, scanner: inout RecordScanner) -> [(value: [UInt8], cell: [UInt8])] {
    readable(header: header, scanner: &scanner) ?? Column.allCases.map { _ in ([], []) }
  }

  private func readable(
    header: Header, scanner: inout RecordScanner
  ) -> [(value: [UInt8], cell: [UInt8])]? {
    raw.withUnsafeBufferPointer { bytes in
      guard !isTruncated, let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
      let record = scanner.scan(bytes, from: 0, isFinal: true)
      guard record.outcome == .fields, record.next == bytes.count, scanner.fieldCount == header.names.count else {
        return nil
      }
      let values = Column.allCases.map { column -> (value: [UInt8], cell: [UInt8]) in
        let index = header.fieldOf[column.rawValue]
        guard index >= 0 else { return ([], []) }
        let field = scanner.fields[index]
        let value = Self.text(FieldValue(base, field).bytes(base))
        return (value, SheetCell.escape(value, isQuoted: field.quoted, keepsDigits: true))
      }
      return values.reduce(0) { $0 + SheetCell.csvBytes($1.cell) } <= Self.valueBytesMax ? values : nil
    }
  }

  private var shownRaw: [UInt8] {
    let text = Self.text(raw)
    guard isTruncated || text.count > Self.rawBytesMax else { return text }
    var end = min(text.count, Self.rawBytesMax)
    while end > 0, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
    return text[..<end] + Array("…".utf8)
  }

  /// Converts bytes to text: unreadable bytes become U+FFFD, which ``CorrectionSheet`` recognises.
  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.withUnsafeBufferPointer(TextEncoding.isText) { return bytes }
    return String(decoding: bytes, as: UTF8.self).utf8.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }
  }
}

extension FieldValue {
  /// The value's text: `""` in a quoted field is one quote.
  func bytes(_ base: UnsafePointer<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = span.start
    while index < span.end {
      bytes.append(base[index])
      index += escaped && base[index] == .quote ? 2 : 1
    }
    return bytes
  }
}

/// The checksum of a row's published values, as they were exported. A row whose values still match it was not edited,
/// and is skipped.
enum RowChecksum {
  /// Name of the checksum's column.
  static let column = "fingerprint"

  /// - Parameter values: the values of the published columns, in order, without the escape of their cells.
  static func of(_ values: [[UInt8]]) -> String {
    var bytes: [UInt8] = []
    for value in values {
      bytes += value
      // No value contains NUL.
      bytes.append(0)
    }
    let hash = bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { SipHash.hash($0, bytes.count, key: 0x7368_6565_7466_696e, 0x6765_7270_7269_6e74) } ?? 0
    }
    // The letter keeps spreadsheets from reading it as a number.
    return "x" + hash.padded(16, radix: 16)
  }
}
