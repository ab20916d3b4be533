import Glibc

/// The width of text on a terminal, in columns. An ideograph takes two.
public enum TextWidth {
  /// Columns of the terminal on stdout; nil if stdout is not a terminal.
  public static var terminal: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  public static func of(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

  /// Pads the text with spaces to `width` columns.
  public static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - of(text)))
  }

  /// Shortens a text that is wider than `width` columns, and marks the cut with `…`.
  public static func shorten(_ text: String, _ width: Int) -> String {
    var room = width
    var end = text.startIndex
    let scalars = text.unicodeScalars
    for index in scalars.indices {
      room -= self.width(scalars[index])
      if room < 0 { return text[..<end] + "…" }
      // One column stays free for the mark.
      if room >= 1 { end = scalars.index(after: index) }
    }
    return text
  }

  /// The width of a character: two columns for East Asian Wide and Fullwidth (Unicode Standard Annex 11, in coarse
  /// ranges), none for combining marks.
  private static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
