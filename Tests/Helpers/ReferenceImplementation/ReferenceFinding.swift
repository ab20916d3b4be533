/// One rejection or warning, with the fields that the rules define (not the message).
public struct ReferenceFinding: Equatable, Sendable {
  /// The number of the record, from 1 after header and stamp; 0 for an unreadable stamp row.
  public var record: Int
  /// The number of LFs before the record, plus one.
  public var line: Int
  /// The offset of the record's first byte in the file, including a BOM.
  public var byteOffset: Int
  public var code: String
  /// `error` for a rejection, `warning` for an accepted record.
  public var severity: String
  public var column: String?
  /// The record without its line end, at most its first 65,536 bytes.
  public var raw: [UInt8]
  public var truncated: Bool

  public init(
    record: Int, line: Int, byteOffset: Int, code: String, severity: String, column: String? = nil, raw: [UInt8],
    truncated: Bool = false
  ) {
    self.record = record
    self.line = line
    self.byteOffset = byteOffset
    self.code = code
    self.severity = severity
    self.column = column
    self.raw = raw
    self.truncated = truncated
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.record == right.record && left.line == right.line && left.byteOffset == right.byteOffset
      && sameBytes(left.code, right.code) && sameBytes(left.severity, right.severity)
      && sameBytes(left.column, right.column) && left.raw == right.raw && left.truncated == right.truncated
  }
}
