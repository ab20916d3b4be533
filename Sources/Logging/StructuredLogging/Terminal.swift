import Glibc
import Support

/// The terminal on stderr, and text that is safe to show there.
public enum Terminal {
  public static let isError = isatty(STDERR_FILENO) == 1

  /// Whether stderr shows colours and its user wants them (https://no-color.org).
  static let showsColours = isError && environmentValue("NO_COLOR") == nil && environmentValue("TERM") != "dumb"

  /// Replaces control characters, which could change what the terminal shows.
  public static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars { result.unicodeScalars.append(isUnsafe(scalar) ? "\u{FFFD}" : scalar) }
    return result
  }

  /// The same for text of several lines.
  public static func safeLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { safe(String($0)) }.joined(separator: "\n")
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || scalar.value >= 0x7F && scalar.value < 0xA0
      || (0x200E...0x200F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
      || scalar.value == 0x61C || scalar.value == 0xFEFF || (0x2066...0x2069).contains(scalar.value)
  }
}

/// stderr. Each text is one write, so that lines of several processes do not mix.
public enum StandardError {
  public static func write(_ text: String) {
    var text = text
    // There is no place to report an error of stderr.
    text.withUTF8 { try? FileCalls.writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }
}
