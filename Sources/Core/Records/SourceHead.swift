/// The start of a source: optional format characters, the header, an optional stamp row.
public struct SourceHead: Sendable, Equatable {
  public let header: Header
  /// The date in the stamp row, ISO 8601.
  public let sourceDate: String?
  /// Offset of the first record.
  public let end: Int
  /// Offset of the header: 3 after a byte order mark.
  public let headerStart: Int
  /// An unreadable stamp row, without its line end: only its first field has a value, which is not a date of the known
  /// form. It is not a record.
  let unreadableStamp: Range<Int>?

  /// Reads the start of a source.
  ///
  /// - Returns: nil if more bytes are needed (never if they are final).
  public static func read(
    _ bytes: Bytes, isFinal: Bool, scanner: inout RecordScanner
  ) throws(HeaderProblem) -> SourceHead? {
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      if isFinal { throw .empty }
      return nil
    }
    guard let start = FormatCharacters.end(base, bytes.count, isFinal: isFinal) else {
      guard isWithinBounds(bytes.count) else { throw .notCSV }
      return nil
    }
    guard start < bytes.count else { throw .empty }
    if let problem = foreign(base, bytes.count, start) { throw problem }
    let record = scanner.scan(bytes, from: start, isFinal: isFinal)
    switch record.outcome {
    case .needsMore:
      // Only the line end of a complete record may be missing; beyond that the record is too long.
      guard isWithinBounds(bytes.count - start) else { throw .notCSV }
      return nil
    case .malformedQuote, .recordTooLong: throw .notCSV
    case .fields: break
    }
    let header = try Header(names: names(base, record, scanner))

    // Only the record directly after the header can be the stamp row.
    func head(date: String? = nil, unreadable: Range<Int>? = nil, end: Int) -> SourceHead {
      SourceHead(header: header, sourceDate: date, end: end, headerStart: start, unreadableStamp: unreadable)
    }
    guard record.next < bytes.count else { return isFinal ? head(end: record.next) : nil }
    let second = scanner.scan(bytes, from: record.next, isFinal: isFinal)
    if second.outcome == .needsMore, isWithinBounds(bytes.count - record.next) { return nil }
    guard second.outcome == .fields, DateRow.isAlone(base, scanner) else { return head(end: record.next) }
    guard let date = DateRow.date(base, scanner) else {
      // A business with only a BAN is still a record.
      if header.fieldOf[Column.ban.rawValue] == 0,
        BANRules.number(base, FieldValue(base, scanner.fields[0]).span) != nil
      {
        return head(end: record.next)
      }
      return head(unreadable: second.start..<second.end, end: second.next)
    }
    return head(date: date, end: second.next)
  }

  /// Whether this many bytes without a line end may still be a record.
  private static func isWithinBounds(_ count: Int) -> Bool { count <= RecordScanner.recordBytesMax + 2 }

  private static func names(
    _ base: UnsafePointer<UInt8>, _ record: RecordScanner.Record, _ scanner: borrowing RecordScanner
  ) throws(HeaderProblem) -> [String] {
    let line = Bytes(start: base + record.start, count: record.end - record.start)
    guard TextEncoding.isText(line) else { throw .notUTF8 }
    if record.start == record.end { throw .missingColumns(Column.required.map(\.name), names: [""]) }
    return (0..<scanner.fieldCount).map { index in
      let field = scanner.fields[index]
      let span = Trim.trim(base, ByteRange(start: field.start, end: field.end))
      var name: [UInt8] = []
      var offset = span.start
      while offset < span.end {
        name.append(base[offset])
        offset += field.escaped && base[offset] == .quote ? 2 : 1
      }
      return String(decoding: name, as: UTF8.self)
    }
  }

  /// Recognises other formats by their first bytes, so that the error can name them.
  private static func foreign(_ base: UnsafePointer<UInt8>, _ count: Int, _ start: Int) -> HeaderProblem? {
    if count >= 2, base[0] == 0x1F, base[1] == 0x8B { return .archive("gzip") }
    if count >= 2, base[0] == UInt8(ascii: "P"), base[1] == UInt8(ascii: "K"), count < 3 || base[2] < 0x20 {
      return .archive("zip")
    }
    var index = start
    while index < count, base[index] <= 0x20 { index += 1 }
    return index < count && base[index] == UInt8(ascii: "<") ? .webPage : nil
  }
}

/// The stamp row after the header, which has the file's date and is not a record: `01-SEP-26,,,,,,,,,,,,,,,`.
enum DateRow {
  private static let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    .map { Array($0.utf8) }

  /// Whether the last scanned record has a value in its first field only.
  static func isAlone(_ base: UnsafePointer<UInt8>, _ scanner: borrowing RecordScanner) -> Bool {
    for index in 1..<max(1, scanner.fieldCount) where !FieldValue(base, scanner.fields[index]).isMissing {
      return false
    }
    return !FieldValue(base, scanner.fields[0]).isMissing
  }

  /// Returns the date in the first field (ISO 8601), or nil if it is not one.
  static func date(_ base: UnsafePointer<UInt8>, _ scanner: borrowing RecordScanner) -> String? {
    let value = FieldValue(base, scanner.fields[0])
    guard value.span.count == 9 else { return nil }
    let text = base + value.span.start
    let day = Int(text[0].digit) * 10 + Int(text[1].digit)
    let year = 2000 + Int(text[7].digit) * 10 + Int(text[8].digit)
    let dash = UInt8(ascii: "-")
    guard [0, 1, 7, 8].allSatisfy({ text[$0].digit <= 9 }), text[2] == dash, text[6] == dash,
      let month = months.firstIndex(where: { $0[0] == text[3] && $0[1] == text[4] && $0[2] == text[5] }),
      GregorianDate.isDate(year: year, month: month + 1, day: day)
    else { return nil }
    return GregorianDate.iso(year: year, month: month + 1, day: day)
  }
}
