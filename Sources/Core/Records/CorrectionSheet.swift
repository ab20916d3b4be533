import Support

/// A correction sheet: a CSV with the published columns, in any order. Its records are validated like those of a
/// source.
///
/// It differs from a source in three points. One apostrophe at the beginning of a cell is removed, and the cell counts
/// as quoted (``SheetCell``). U+FFFD in a published column stands for unreadable bytes, and is rejected like them. A
/// stamp row is an ordinary record.
public struct CorrectionSheet: Sendable {
  /// An accepted record.
  public struct Record: Sendable, Equatable {
    public var ban: UInt32
    public var contentHash: Int64
    /// The COPY row for tax_registration, with its line feed.
    public var registration: [UInt8]
    /// The COPY rows for business_industry.
    public var industries: [UInt8]
    /// Codes of all its warnings.
    public var warnings: [String]
    /// Line of the sheet in which it begins.
    public var line = 0
    /// Checksum of the record that the row was exported from; nil for a row that was not exported.
    public var fingerprint: String?
  }

  /// A rejection or a warning.
  public struct Finding: Sendable, Hashable {
    /// The line in which the record begins, as an editor counts lines; the header's is 1.
    public var line: Int
    /// The row, as a spreadsheet counts rows; the header's is 1.
    public var row: Int
    public var code: String
    /// `error` or `warning`.
    public var severity: String
    /// The published name; nil if the finding concerns the whole record.
    public var column: String?
    public var message: String
  }

  public var header: Header
  /// In the sheet's order.
  public var records: [Record] = []
  /// In the sheet's order.
  public var findings: [Finding] = []
  /// Counts of the validated rows.
  public var tally = Tally()
  /// Rows that are unchanged since their export; they are not validated.
  public var untouched = 0

  /// - Throws: ``HeaderProblem`` if the first line is not a sheet's header.
  public static func read(_ bytes: [UInt8]) throws(HeaderProblem) -> CorrectionSheet {
    try bytes.withUnsafeBufferPointer { (bytes) throws(HeaderProblem) -> CorrectionSheet in
      let raw = UnsafeRawBufferPointer(bytes)
      var scanner = RecordScanner()
      guard let head = try SourceHead.read(bytes, isFinal: true, scanner: &scanner) else { throw .empty }
      var sheet = CorrectionSheet(header: head.header)
      var validator = SheetValidator(header: head.header)
      // Only the header is skipped: a stamp row is a record here.
      var offset = scanner.scan(bytes, from: head.headerStart, isFinal: true).next
      var line = 1 + LineFeeds.count(UnsafeRawBufferPointer(rebasing: raw[..<offset]))
      while offset < bytes.count {
        let next = validator.validate(bytes, from: offset, line: line, into: &sheet)
        line += LineFeeds.count(UnsafeRawBufferPointer(rebasing: raw[offset..<next]))
        offset = next
      }
      return sheet
    }
  }

  private init(header: Header) { self.header = header }
}
