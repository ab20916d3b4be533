/// Bytes of the source in memory. The caller that creates a value keeps the memory alive and unchanged.
public typealias Bytes = UnsafeBufferPointer<UInt8>

extension UInt8 {
  static let quote = UInt8(ascii: "\"")
  static let comma = UInt8(ascii: ",")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let tab = UInt8(ascii: "\t")
  static let backslash = UInt8(ascii: "\\")
  static let zero = UInt8(ascii: "0")

  /// 0 … 9 for an ASCII digit, more than 9 for any other byte.
  @inline(__always) var digit: UInt8 { self &- .zero }
}

/// A range of bytes: the offset of its first byte, and the offset after its last.
struct ByteRange: Equatable {
  var start: Int
  var end: Int

  @inline(__always) var count: Int { end - start }
  @inline(__always) var isEmpty: Bool { end <= start }
}
