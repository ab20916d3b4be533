/// Estimates the width of a label without a font. The estimate is a little more than usual sans-serif fonts need, so
/// that labels do not overlap or leave the picture.
enum LabelWidth {
  static let fontSize = 12.0

  static func of(_ text: String) -> Double { text.reduce(0) { $0 + of($1) } }

  /// Returns the text, or as much of its beginning as fits into the width together with an ellipsis.
  static func truncated(_ text: String, to width: Double) -> String {
    let room = width - of("…")
    var (taken, fitting) = (0.0, text.startIndex)
    for index in text.indices {
      if taken <= room { fitting = index }
      taken += of(text[index])
      if taken > width { return text[..<fitting] + "…" }
    }
    return text
  }

  /// A Latin letter is 0.6 of the font's size wide, a Chinese character (UAX #11, Wide) twice that.
  private static func of(_ character: Character) -> Double {
    fontSize * 0.6 * (character.unicodeScalars.map(cells).max() ?? 0)
  }

  private static func cells(_ scalar: Unicode.Scalar) -> Double {
    switch scalar.value {
    case 0x25, 0x40, 0x4D, 0x57: 1.65  // % @ M W
    case 0x41...0x5A, 0x6D, 0x77: 1.25  // other capitals, m and w
    case 0x0...0x1F, 0xFFFD...0xFFFF, 0x1100...0x115F, 0x2014, 0x2026, 0x2E80...0xA4CF, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F000...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
