/// Checks JSON from the spool in one pass, before Foundation reads it.
struct SpoolJSON {
  /// Whether nesting and number of values are within limits. Each value takes some fifty bytes of memory. If the last
  /// bytes exceed Foundation's own limit on depth, its decoder reads beyond them to describe the position, and ends the
  /// process.
  private(set) var isBounded = true
  /// Whether its numbers are whole, not negative, and so small that sums of many do not overflow. They are sizes,
  /// positions and counts, which are used in arithmetic before anything verifies them. Valid only for JSON that a
  /// decoder accepts.
  private(set) var hasUsableNumbers = true

  /// Nothing in the spool is nested half as deep.
  private static let depthMax = 16
  /// Nothing in the spool has as many values: 100,000 chunks give 300,000.
  private static let valuesMax = 500_000
  private static let digitsMax = String(SpoolFormat.numberMax).count

  init(_ json: some Sequence<UInt8>) {
    var depth = 0
    var values = 1
    var digits = 0
    var isText = false
    var isEscaped = false
    for byte in json {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else {
          isText = byte != UInt8(ascii: "\"")
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        if digits > Self.digitsMax { hasUsableNumbers = false }
        continue
      case UInt8(ascii: "-"), UInt8(ascii: "."): hasUsableNumbers = false
      // The letters of true, false and null come here, too; after a digit it is an exponent.
      case UInt8(ascii: "e"), UInt8(ascii: "E"): if digits > 0 { hasUsableNumbers = false }
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > Self.depthMax { isBounded = false }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ","):
        values += 1
        if values > Self.valuesMax { isBounded = false }
      default: break
      }
      digits = 0
      if !isBounded { return }
    }
  }
}
