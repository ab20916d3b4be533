import Support

/// Receives the validator's output.
public protocol ValidationOutput: ~Copyable {
  /// The error of writing; `Never` in memory.
  associatedtype Problem: Error

  /// COPY rows of tax_registration: the columns of ``StoredColumn/all``, then content_hash.
  mutating func registrations(_ rows: UnsafeRawBufferPointer) throws(Problem)
  /// COPY rows of business_industry: business_id, industry_code, industry_name, order.
  mutating func industries(_ rows: UnsafeRawBufferPointer) throws(Problem)
  /// Lines of the error manifest.
  mutating func findings(_ lines: UnsafeRawBufferPointer) throws(Problem)
  /// The code and column of a finding, for an output that does not parse the lines.
  mutating func found(_ code: FindingCode, _ column: Column?)
}

extension ValidationOutput where Self: ~Copyable {
  public mutating func found(_ code: FindingCode, _ column: Column?) {}
}

/// The position of a chunk in its source.
public struct ChunkPlace: Sendable {
  /// Number of its first record, from 1.
  public var firstRecord: Int
  /// Line of its first byte, from 1.
  public var firstLine: Int
  /// Offset of its first byte in the source.
  public var byteOffset: Int
  /// Bytes before its first record: byte order mark, header and stamp row in the first chunk.
  public var headerBytes: Int
  /// Offsets in the chunk of records that are too long, as only bytes after the chunk show.
  public var tooLongOffsets: Set<Int>

  public init(firstRecord: Int, firstLine: Int, byteOffset: Int, headerBytes: Int, tooLongOffsets: Set<Int>) {
    self.firstRecord = firstRecord
    self.firstLine = firstLine
    self.byteOffset = byteOffset
    self.headerBytes = headerBytes
    self.tooLongOffsets = tooLongOffsets
  }
}

/// Validates one chunk after another: bytes in, rows and findings out. The result depends on the bytes alone.
public struct ChunkValidator: ~Copyable {
  private var scanner = RecordScanner()
  private var rules: RecordRules
  private var rows = RegistrationRows()
  private var findingLines = TextBuffer(capacity: 1 << 12)
  /// BANs that were accepted in the last chunk.
  public private(set) var accepted: BANSet
  /// Whether the last chunk ends without a line end, in a rejected record. A truncated source ends like this.
  public private(set) var endsInRecord = false
  private var cities = CityCounter()
  private var tally = Tally()

  /// Output is passed on in pieces of about this size.
  private static let pieceBytes = 1 << 18

  /// - Parameter bansExpected: the expected number of BANs in a chunk; the set grows if there are more.
  public init(header: Header, bansExpected: Int = 1 << 16) {
    rules = RecordRules(header)
    accepted = BANSet(capacity: bansExpected)
  }

  /// Validates every record of a chunk.
  ///
  /// - Parameters:
  ///   - bytes: the whole chunk, which ends at a record's end.
  ///   - taken: BANs that earlier chunks accepted, as far as they occur in this chunk.
  public mutating func validate<Output: ValidationOutput & ~Copyable>(
    _ bytes: Bytes, at place: ChunkPlace, taken: BANSet? = nil, into output: inout Output
  ) throws(Output.Problem) -> Tally {
    tally = Tally()
    accepted.removeAll()
    cities.removeAll()
    guard let base = bytes.baseAddress else { return tally }
    // One check of the whole chunk nearly always replaces the checks of its records.
    let isText = TextEncoding.isText(bytes)
    var line = place.firstLine
    var lineOffset = 0
    var offset = place.headerBytes
    if let row = unreadableStamp(bytes, place) {
      tally.count(.unreadableStamp)
      findingLines.append(
        FindingLine(
          record: 0,
          line: line
            + LineFeeds.count(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<row.lowerBound])),
          byteOffset: place.byteOffset + row.lowerBound, code: .unreadableStamp, column: nil,
          raw: Bytes(rebasing: bytes[row])))
      output.found(.unreadableStamp, nil)
    }
    var isRejected = false
    while offset < bytes.count {
      var record = scanner.scan(bytes, from: offset, isFinal: true)
      // The chunk's end is not the source's. Bytes after it may have shown that the record is too long, without an open
      // quote.
      if record.outcome == .malformedQuote, place.tooLongOffsets.contains(offset) { record.outcome = .recordTooLong }
      let number = place.firstRecord + tally.records
      let result = validate(base, record, isText: isText, taken: taken)
      isRejected = result.isRejected
      if result.hasFindings {
        line += LineFeeds.count(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[lineOffset..<offset]))
        lineOffset = offset
        report(
          result,
          FindingLine(
            record: number, line: line, byteOffset: place.byteOffset + offset, code: .duplicate, column: nil,
            raw: Bytes(start: base + record.start, count: record.end - record.start)), &output)
        if findingLines.count >= Self.pieceBytes { try flushFindings(&output) }
      }
      if rows.registrations.count >= Self.pieceBytes { try flushRows(&output) }
      offset = record.next
    }
    try flushRows(&output)
    try flushFindings(&output)
    endsInRecord = isRejected && bytes.last != UInt8(ascii: "\n")
    tally.cities = cities.finish()
    return tally
  }

  /// Finds an unreadable stamp row before the first record. Earlier versions counted it as a record.
  private mutating func unreadableStamp(_ bytes: Bytes, _ place: ChunkPlace) -> Range<Int>? {
    guard place.byteOffset == 0, place.headerBytes > 0 else { return nil }
    let head = Bytes(rebasing: bytes[..<min(place.headerBytes, bytes.count)])
    return try? SourceHead.read(head, isFinal: true, scanner: &scanner)?.unreadableStamp
  }

  /// Counts the record and its findings, and writes its rows if it is accepted.
  private mutating func validate(
    _ base: UnsafePointer<UInt8>, _ record: RecordScanner.Record, isText: Bool, taken: BANSet?
  ) -> ValidationResult {
    tally.records += 1
    let validation: ValidationResult
    switch record.outcome {
    case .malformedQuote, .needsMore: validation = .rejected(.malformedQuote, nil)
    case .recordTooLong: validation = .rejected(.recordTooLong, nil)
    case .fields:
      validation = rules.validate(base, UnsafePointer(scanner.fields), scanner.fieldCount, isText: isText)
    }
    switch validation {
    case .blank: tally.blank += 1
    case .rejected: tally.rejected += 1
    case .accepted(let ban, _):
      if taken?.contains(ban) == true || !accepted.insert(ban) {
        tally.duplicates += 1
        return .rejected(.duplicate, .ban)
      }
      tally.accepted += 1
      cities.count(rules.values[.address], of: base)
      return .accepted(ban: ban, rows.append(rules.values, of: base, &tally))
    }
    return validation
  }

  private mutating func report(
    _ result: ValidationResult, _ finding: FindingLine, _ output: inout (some ValidationOutput & ~Copyable)
  ) {
    var finding = finding
    result.forEachFinding { code, column in
      finding.code = code
      finding.column = column
      tally.count(code)
      findingLines.append(finding)
      output.found(code, column)
    }
  }

  private mutating func flushRows<Output: ValidationOutput & ~Copyable>(_ output: inout Output) throws(Output.Problem) {
    try output.registrations(rows.registrations.bytes)
    try output.industries(rows.industries.bytes)
    rows.removeAll()
  }

  private mutating func flushFindings<Output: ValidationOutput & ~Copyable>(_ output: inout Output) throws(Output
    .Problem)
  {
    try output.findings(findingLines.bytes)
    findingLines.removeAll()
  }
}
