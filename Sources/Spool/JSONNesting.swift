/// How deep JSON is nested, told before Foundation reads it: where its own bound is passed at the very end of the bytes, it
/// looks behind them to say where that was, and ends the process.
enum JSONNesting {
  /// Nothing in the spool is nested half as deep.
  private static let depthMax = 16

  static func isAcceptable(_ bytes: some Sequence<UInt8>) -> Bool {
    var depth = 0
    var isText = false
    var isEscaped = false
    for byte in bytes {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > depthMax { return false }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return true
  }
}
