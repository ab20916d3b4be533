import Support

/// Bytes that are no text, sixteen a row.
public struct HexDump: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    /// Of the row's first byte in the record, hexadecimal.
    public let offset: String
    /// The bytes, parted by spaces.
    public let hex: String
    /// Those of them that are printable ASCII, and a dot for each other.
    public let ascii: String
  }

  /// Offset of the first byte that belongs to no character of UTF-8.
  public let firstInvalid: Int
  public let rows: [Row]
  /// Bytes left out before and behind the rows.
  public let bytesBefore: Int
  public let bytesBehind: Int

  /// Shows a few rows around the first byte that is wrong.
  ///
  /// - Returns: nil where the bytes are UTF-8.
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
