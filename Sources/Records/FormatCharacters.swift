/// Invisible characters (Unicode's general category Cf): byte order marks, zero-width and directional ones. Some
/// programs put them before the first column's name, which would then be unknown.
enum FormatCharacters {
  /// Of Unicode 15. A table of our own, since results must not depend on the version of Swift.
  private static let ranges: [ClosedRange<UInt32>] = [
    0xAD...0xAD, 0x600...0x605, 0x61C...0x61C, 0x6DD...0x6DD, 0x70F...0x70F, 0x890...0x891, 0x8E2...0x8E2,
    0x180E...0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF,
    0xFFF9...0xFFFB, 0x110BD...0x110BD, 0x110CD...0x110CD, 0x13430...0x1343F, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A,
    0xE0001...0xE0001, 0xE0020...0xE007F,
  ]

  /// - Returns: the offset after the leading format characters; nil if more bytes are needed.
  static func end(_ base: UnsafePointer<UInt8>, _ count: Int, isFinal: Bool) -> Int? {
    var offset = 0
    while offset < count, base[offset] >= 0x80 {
      let width = base[offset] >= 0xF0 ? 4 : base[offset] >= 0xE0 ? 3 : 2
      guard offset + width <= count else { return isFinal ? offset : nil }
      guard Encoding.wellFormedPrefix(base + offset, width, allowNUL: false) == width else { return offset }
      var scalar = UInt32(base[offset]) & (width == 2 ? 0x1F : width == 3 ? 0x0F : 0x07)
      for index in 1..<width { scalar = scalar << 6 | UInt32(base[offset + index] & 0x3F) }
      guard ranges.contains(where: { $0.contains(scalar) }) else { return offset }
      offset += width
    }
    return offset < count || isFinal ? offset : nil
  }
}
