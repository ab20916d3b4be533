/// Validates a sheet's records, one at a time so that each has its own result. Every record is converted to one of a
/// source, which ``ChunkValidator`` validates.
struct SheetValidator: ~Copyable {
  private let header: Header
  private var scanner = RecordScanner()
  private var validator: ChunkValidator
  private var output = SheetOutput()
  private var taken = BANSet()
  /// The record as a source would have it.
  private var record: [UInt8] = []
  /// For each field of the sheet, whether it is a published column.
  private let isPublished: [Bool]
  /// The index of the fingerprint's field; nil if the sheet has none.
  private let fingerprint: Int?

  init(header: Header) {
    self.header = header
    validator = ChunkValidator(header: header, bansExpected: 4)
    isPublished = header.names.map { Column(name: $0) != nil }
    fingerprint = header.names.firstIndex { $0 == RowChecksum.column }
  }

  /// Validates the record at `start`.
  ///
  /// - Returns: the offset of the next record.
  mutating func validate(_ bytes: Bytes, from start: Int, line: Int, into sheet: inout CorrectionSheet) -> Int {
    guard let base = bytes.baseAddress else { return bytes.count }
    let scanned = scanner.scan(bytes, from: start, isFinal: true)
    if isUntouched(base, scanned) {
      sheet.untouched += 1
      return scanned.next
    }
    fill(base, scanned)
    output.clear()
    // Only the lines after it may show that the record is too long.
    let place = ChunkPlace(
      firstRecord: 1, firstLine: line, byteOffset: start, headerBytes: 0,
      tooLongOffsets: scanned.outcome == .recordTooLong ? [0] : [])
    sheet.tally += record.withUnsafeBufferPointer { validator.validate($0, at: place, taken: taken, into: &output) }
    // A blank record is a row, too.
    addRow(
      line: line, row: sheet.untouched + sheet.tally.records + 1, fingerprint: fingerprint(base, scanned), into: &sheet)
    return scanned.next
  }

  /// Whether the row is unchanged since its export.
  private func isUntouched(_ base: UnsafePointer<UInt8>, _ scanned: RecordScanner.Record) -> Bool {
    guard scanner.fieldCount == header.names.count, let fingerprint = fingerprint(base, scanned) else { return false }
    let values = Column.allCases.map { column in
      header.fieldOf[column.rawValue] < 0 ? [] : value(base, header.fieldOf[column.rawValue])
    }
    return fingerprint == RowChecksum.of(values)
  }

  /// The row's fingerprint; nil if it has none.
  private func fingerprint(_ base: UnsafePointer<UInt8>, _ scanned: RecordScanner.Record) -> String? {
    guard let fingerprint, scanned.outcome == .fields, fingerprint < scanner.fieldCount else { return nil }
    let value = value(base, fingerprint)
    return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
  }

  private func value(_ base: UnsafePointer<UInt8>, _ index: Int) -> [UInt8] {
    SheetCell.unescape(FieldValue(base, scanner.fields[index]).bytes(base)).value
  }

  private mutating func addRow(
    line: Int, row: Int, fingerprint: String?, into sheet: inout CorrectionSheet
  ) {
    for (code, column) in output.found {
      sheet.findings.append(
        CorrectionSheet.Finding(
          line: line, row: row, code: code.code, severity: code.severity, column: column?.name,
          message: code == .duplicate ? "this BAN was accepted earlier in the sheet" : code.message))
    }
    guard var record = output.record else { return }
    record.line = line
    record.fingerprint = fingerprint
    _ = taken.insert(record.ban)
    sheet.records.append(record)
  }

  /// Copies the record without its line end, since a CR before it may be data. An empty line keeps its end, so that
  /// there is a record.
  private mutating func fill(_ base: UnsafePointer<UInt8>, _ scanned: RecordScanner.Record) {
    record.removeAll(keepingCapacity: true)
    if scanned.outcome == .fields, (0..<scanner.fieldCount).contains(where: { isChanged(base, $0) }) {
      for index in 0..<scanner.fieldCount {
        if index > 0 { record.append(.comma) }
        append(base, index)
      }
      // Doubled quotes can make the record too long. As one line it is rejected as one record.
      if record.count > RecordScanner.recordBytesMax {
        for index in record.indices where record[index] == .lineFeed { record[index] = UInt8(ascii: " ") }
      }
    } else {
      record.append(contentsOf: Bytes(start: base + scanned.start, count: scanned.end - scanned.start))
    }
    if record.isEmpty { record.append(.lineFeed) }
  }

  private func isChanged(_ base: UnsafePointer<UInt8>, _ index: Int) -> Bool {
    let field = scanner.fields[index]
    guard field.start < field.end else { return false }
    return base[field.start] == .apostrophe || isUnreadable(base, index)
  }

  /// Whether a published column contains U+FFFD.
  private func isUnreadable(_ base: UnsafePointer<UInt8>, _ index: Int) -> Bool {
    let field = scanner.fields[index]
    guard index < isPublished.count, isPublished[index], field.end - field.start >= 3 else { return false }
    for place in field.start..<field.end - 2 where base[place] == 0xEF {
      if base[place + 1] == 0xBF, base[place + 2] == 0xBD { return true }
    }
    return false
  }

  /// Appends a field as the source would have it: in quotes, unless it had none and is unchanged.
  private mutating func append(_ base: UnsafePointer<UInt8>, _ index: Int) {
    let field = scanner.fields[index]
    // 0xFF never occurs in UTF-8: the rules reject it, as they rejected the bytes that U+FFFD stands for.
    if isUnreadable(base, index) { return record.append(0xFF) }
    let isEscaped = field.start < field.end && base[field.start] == .apostrophe
    guard field.quoted || isEscaped else {
      return record.append(contentsOf: Bytes(start: base + field.start, count: field.end - field.start))
    }
    record.append(.quote)
    for place in field.start + (isEscaped ? 1 : 0)..<field.end {
      // Quotes in a quoted field are doubled already.
      if base[place] == .quote, !field.quoted { record.append(.quote) }
      record.append(base[place])
    }
    record.append(.quote)
  }
}

/// The validator's output for one record.
struct SheetOutput: ValidationOutput {
  typealias Problem = Never

  private var registration: [UInt8] = []
  private var industries: [UInt8] = []
  private(set) var found: [(FindingCode, Column?)] = []

  mutating func registrations(_ rows: UnsafeRawBufferPointer) { registration.append(contentsOf: rows) }
  mutating func industries(_ rows: UnsafeRawBufferPointer) { industries.append(contentsOf: rows) }
  mutating func findings(_ lines: UnsafeRawBufferPointer) {}
  mutating func found(_ code: FindingCode, _ column: Column?) { found.append((code, column)) }

  mutating func clear() {
    registration = []
    industries = []
    found.removeAll(keepingCapacity: true)
  }

  /// Nil if the record was not accepted. The row begins with the BAN and ends with the content hash.
  var record: CorrectionSheet.Record? {
    guard let tab = registration.lastIndex(of: .tab),
      let hash = Int64(String(decoding: registration[(tab + 1)...].dropLast(), as: UTF8.self))
    else { return nil }
    let ban = registration.prefix(8).reduce(0) { $0 * 10 + UInt32($1.digit) }
    return CorrectionSheet.Record(
      ban: ban, contentHash: hash, registration: registration, industries: industries, warnings: found.map(\.0.code))
  }
}
