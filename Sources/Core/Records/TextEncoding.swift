import CSupport

/// Well-formed UTF-8 (Unicode 15, table 3-7) without NUL, which PostgreSQL's text cannot hold.
public enum TextEncoding {
  /// Whether all of the bytes are acceptable text.
  public static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    return wellFormedPrefix(base, bytes.count, allowNUL: false) == bytes.count
  }

  /// Returns the number of bytes at the start that are well-formed UTF-8.
  static func wellFormedPrefix(_ base: UnsafePointer<UInt8>, _ count: Int, allowNUL: Bool) -> Int {
    var index = 0
    while index < count {
      index = skipOrdinary(base, index, count)
      let end = min(count, index + 64)
      let next = wellFormed(base, index, end, count, allowNUL: allowNUL)
      if next < end { return next }
      index = next
    }
    return index
  }

  /// Skips whole blocks of ASCII and three-byte characters, of which the source consists.
  ///
  /// - Returns: the offset of a character that needs its own check, or after which too few bytes are left for a block.
  private static func skipOrdinary(_ base: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int {
    var index = start
    /// Continuation bytes with which the next block must begin: none, one or two, as bits.
    var due: UInt64 = 0
    while index + 64 <= count {
      let text = registry_text_at(base + index)
      guard text.others == 0, text.continuations == text.leads << 1 | text.leads << 2 | due else { break }
      due = text.leads >> 63 | text.leads >> 62
      index += 64
    }
    // Back to the beginning of an incomplete character.
    return index - (due == 0 ? 0 : due == 1 ? 2 : 1)
  }

  /// Checks one character after another from `start` on, until one begins at or after `end`.
  ///
  /// - Returns: the offset of that character, or of the first that is not well-formed.
  private static func wellFormed(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ count: Int, allowNUL: Bool
  ) -> Int {
    var index = start
    while index < end {
      let lead = base[index]
      if lead < 0x80 {
        if lead == 0 && !allowNUL { return index }
        index += 1
        continue
      }
      let left = count - index
      switch lead {
      case 0xE1...0xEC, 0xEE, 0xEF:
        guard left >= 3, isNext(base[index + 1]), isNext(base[index + 2]) else { return index }
        index += 3
      case 0xC2...0xDF:
        guard left >= 2, isNext(base[index + 1]) else { return index }
        index += 2
      case 0xE0:
        guard left >= 3, base[index + 1] >= 0xA0, base[index + 1] <= 0xBF, isNext(base[index + 2]) else { return index }
        index += 3
      case 0xED:
        guard left >= 3, base[index + 1] >= 0x80, base[index + 1] <= 0x9F, isNext(base[index + 2]) else { return index }
        index += 3
      case 0xF0...0xF4:
        guard left >= 4, isNext(base[index + 2]), isNext(base[index + 3]) else { return index }
        let second = base[index + 1]
        let lowest: UInt8 = lead == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
        guard second >= lowest, second <= highest else { return index }
        index += 4
      default: return index
      }
    }
    return index
  }

  @inline(__always)
  private static func isNext(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// Counts the Unicode scalars in well-formed bytes.
  static func scalars(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> Int {
    var count = 0
    for index in span.start..<span.end where base[index] & 0xC0 != 0x80 { count += 1 }
    return count
  }
}
