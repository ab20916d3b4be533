import Support

/// A correction sheet: a CSV with the published columns, in any order, whose records are validated as those of a source
/// are.
///
/// It differs from a source in this alone: one apostrophe at the beginning of a cell is taken away and the cell counts
/// as quoted (``SheetCell``); U+FFFD in a published column stands for bytes that could not be read, and is rejected as
/// they were; a stamp row is a record like any other.
public struct CorrectionSheet: Sendable {
  /// An accepted record.
  public struct Record: Sendable, Equatable {
    public var ban: UInt32
    public var contentHash: Int64
    /// The COPY row for tax_registration, with its line feed.
    public var registration: [UInt8]
    /// The COPY rows for business_industry.
    public var industries: [UInt8]
    /// Codes, as many as were found.
    public var warnings: [String]
    /// Line of the sheet that it begins in.
    public var line = 0
    /// Checksum of the record that the row was exported from; nil for a row that was not exported.
    public var fingerprint: String?
  }

  /// A rejection or a warning.
  public struct Finding: Sendable, Hashable {
    /// The line that the record begins in, as an editor counts them; the header's is 1.
    public var line: Int
    /// The row, as a spreadsheet counts them; the header's is 1.
    public var row: Int
    public var code: String
    /// `error` or `warning`.
    public var severity: String
    /// The published name, nil where the finding concerns the whole record.
    public var column: String?
    public var message: String
  }

  public var header: Header
  /// In the sheet's order.
  public var records: [Record] = []
  /// In the sheet's order.
  public var findings: [Finding] = []
  /// Of the rows that somebody touched.
  public var tally = Tally()
  /// Rows that are as they were exported: they are not looked at.
  public var untouched = 0

  /// - Throws: ``HeaderProblem`` where no sheet can be read by its first line.
  public static func read(_ bytes: [UInt8]) throws(HeaderProblem) -> CorrectionSheet {
    try bytes.withUnsafeBufferPointer { (bytes) throws(HeaderProblem) -> CorrectionSheet in
      let raw = UnsafeRawBufferPointer(bytes)
      var scanner = RecordScanner()
      guard let head = try SourceHead.read(bytes, isFinal: true, scanner: &scanner) else { throw .empty }
      var sheet = CorrectionSheet(header: head.header)
      var validator = SheetValidator(header: head.header)
      // Behind the header alone: a stamp row is a record here.
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
