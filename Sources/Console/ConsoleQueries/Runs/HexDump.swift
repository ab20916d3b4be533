import Support

/// A hex dump of bytes that are not UTF-8, sixteen per row.
public struct HexDump: Sendable, Equatable {
  /// One row of the dump.
  public struct Row: Sendable, Equatable {
    /// The offset of the row's first byte in the record, hexadecimal.
    public let offset: String
    /// The bytes, separated by spaces.
    public let hex: String
    /// The bytes as ASCII, with a dot for each that is not printable.
    public let ascii: String
  }

  /// The offset of the first byte that is not valid UTF-8.
  public let firstInvalid: Int
  public let rows: [Row]
  /// The number of bytes left out before the rows.
  public let bytesBefore: Int
  /// The number of bytes left out after the rows.
  public let bytesBehind: Int

  /// Dumps a few rows around the first invalid byte.
  ///
  /// - Returns: nil if the bytes are valid UTF-8.
  public init?(_ bytes: [UInt8], rowsMax: Int = 16) {
    guard let invalid = Self.firstInvalid(bytes) else { return nil }
    let count = (bytes.count + 15) / 16
    let first = max(0, min(invalid / 16 - 2, count - rowsMax))
    let last = min(count, first + max(1, rowsMax))
    firstInvalid = invalid
    rows = (first..<last).map { Self.row(bytes, at: $0 * 16) }
    bytesBefore = first * 16
    bytesBehind = max(0, bytes.count - last * 16)
  }

  private static func row(_ bytes: [UInt8], at offset: Int) -> Row {
    let part = bytes[offset..<min(offset + 16, bytes.count)]
    return Row(
      offset: offset.padded(4, radix: 16), hex: part.map { $0.padded(2, radix: 16) }.joined(separator: " "),
      ascii: String(decoding: part.map { 0x20..<0x7F ~= $0 ? $0 : UInt8(ascii: ".") }, as: UTF8.self))
  }

  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
