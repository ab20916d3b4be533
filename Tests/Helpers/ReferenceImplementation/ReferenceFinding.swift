/// One rejection or warning, as far as the rules fix it (the wording of the message is free).
public struct ReferenceFinding: Equatable, Sendable {
  /// The first after header and stamp is 1; 0 for a row in the stamp's place that is none.
  public var record: Int
  /// One more than the LFs before the record.
  public var line: Int
  /// Of the record's first byte in the file, BOM included.
  public var byteOffset: Int
  public var code: String
  /// `error` for a rejection, `warning` for what an accepted record carries.
  public var severity: String
  public var column: String?
  /// The record without its line end, at most the first 65,536 bytes of it.
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
