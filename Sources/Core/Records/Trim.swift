/// Removes Unicode White_Space at the ends of a field, by scalar: U+3000 is removed; U+200B and U+FEFF stay.
enum Trim {
  @inline(__always)
  static func trim(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> ByteRange {
    var span = span
    while span.start < span.end {
      let first = base[span.start]
      // Letters, digits and most of CJK cannot begin a white space scalar.
      if first > 0x20 && first < 0x80 || first > 0xE3 { break }
      let width = leading(base, span, first)
      if width == 0 { break }
      span.start += width
    }
    while span.start < span.end {
      let last = base[span.end - 1]
      if last > 0x20 && last < 0x80 { break }
      let width = trailing(base, span, last)
      if width == 0 { break }
      span.end -= width
    }
    return span
  }

  /// Returns the size of the white space scalar at the start; 0 if there is none.
  private static func leading(_ base: UnsafePointer<UInt8>, _ span: ByteRange, _ first: UInt8) -> Int {
    if first == 0x20 || first >= 0x09 && first <= 0x0D { return 1 }
    guard first >= 0x80 else { return 0 }
    if span.count >= 2, isWide2(first, base[span.start + 1]) { return 2 }
    if span.count >= 3, isWide3(first, base[span.start + 1], base[span.start + 2]) { return 3 }
    return 0
  }

  private static func trailing(_ base: UnsafePointer<UInt8>, _ span: ByteRange, _ last: UInt8) -> Int {
    if last == 0x20 || last >= 0x09 && last <= 0x0D { return 1 }
    guard last >= 0x80 else { return 0 }
    if span.count >= 2, isWide2(base[span.end - 2], last) { return 2 }
    if span.count >= 3, isWide3(base[span.end - 3], base[span.end - 2], last) { return 3 }
    return 0
  }

  /// U+0085 and U+00A0.
  private static func isWide2(_ a: UInt8, _ b: UInt8) -> Bool { a == 0xC2 && (b == 0x85 || b == 0xA0) }

  /// U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
  private static func isWide3(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
    switch (a, b) {
    case (0xE3, 0x80): c == 0x80
    case (0xE2, 0x80): c >= 0x80 && c <= 0x8A || c == 0xA8 || c == 0xA9 || c == 0xAF
    case (0xE2, 0x81): c == 0x9F
    case (0xE1, 0x9A): c == 0x80
    default: false
    }
  }
}
