/// Tells the bytes of JSON that stand for its structure and its numbers from those inside strings.
struct JSONScan {
  private var isText = false
  private var isEscaped = false

  /// - Returns: whether the next byte is inside a string or ends one. The quote that begins one is not.
  mutating func isInString(_ byte: UInt8) -> Bool {
    guard isText else {
      isText = byte == UInt8(ascii: "\"")
      return false
    }
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
    } else {
      isText = byte != UInt8(ascii: "\"")
    }
    return true
  }
}
