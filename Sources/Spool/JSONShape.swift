/// How deep JSON is nested and how many values it has, told before Foundation reads it: each value takes some fifty bytes of
/// memory; and where Foundation's own bound of depth is passed at the very end of the bytes, it looks behind them to say where
/// that was, and ends the process.
enum JSONShape {
  /// Nothing in the spool is nested half as deep …
  private static let depthMax = 16
  /// … or has so many values: 100,000 chunks give 300,000.
  private static let valuesMax = 500_000

  static func isAcceptable(_ bytes: some Sequence<UInt8>) -> Bool {
    var depth = 0
    var values = 1
    var scan = JSONScan()
    for byte in bytes where !scan.isInString(byte) {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > depthMax { return false }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ","):
        values += 1
        if values > valuesMax { return false }
      default: break
      }
    }
    return true
  }
}
