/// The numbers of a manifest: sizes, places and counts, which are computed with before anything proves them. None is
/// negative or so large that a sum of many could not be held.
enum ManifestNumbers {
  private static let digitsMax = String(SpoolFormat.numberMax).count

  /// - Parameter json: what a decoder has accepted.
  static func areInRange(_ json: [UInt8]) -> Bool {
    var scan = JSONScan()
    var digits = 0
    for byte in json where !scan.isInString(byte) {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: "."): return false
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        if digits > digitsMax { return false }
      // The letters of true, false and null come by here too; those of a power do behind a digit.
      case UInt8(ascii: "e"), UInt8(ascii: "E"): if digits > 0 { return false }
      default: digits = 0
      }
    }
    return true
  }
}
