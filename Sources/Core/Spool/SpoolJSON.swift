/// What is found out of JSON in the spool before Foundation reads it, in one pass.
struct SpoolJSON {
  /// Whether it is nested little and has few values: each value takes some fifty bytes of memory; and where
  /// Foundation's own bound of depth is passed at the very end of the bytes, it looks behind them to say where that
  /// was, and ends the process.
  private(set) var isBounded = true
  /// Whether its numbers are whole, not negative, and so small that a sum of many can be held: they are sizes, places
  /// and counts, which are computed with before anything proves them. It means something only of what a decoder
  /// accepts.
  private(set) var hasUsableNumbers = true

  /// Nothing in the spool is nested half as deep …
  private static let depthMax = 16
  /// … or has so many values: 100,000 chunks give 300,000.
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
      // The letters of true, false and null come by here too; those of a power do behind a digit.
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
