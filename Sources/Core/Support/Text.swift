import CSupport

extension BinaryInteger {
  /// Returns the digits with leading zeros, at least `width` of them.
  package func padded(_ width: Int, radix: Int = 10) -> String {
    let digits = String(self, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

/// Converts the eight digits of a business accounting number (BAN) to a number and back.
package enum BANText {
  /// - Returns: the number that the first eight bytes spell; nil if they are not eight digits.
  @inlinable @inline(__always)
  package static func parse(_ text: UnsafeRawBufferPointer) -> UInt32? {
    guard text.count >= 8 else { return nil }
    var value: UInt32 = 0
    for index in 0..<8 {
      let digit = text[index] &- 0x30
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ UInt32(digit)
    }
    return value
  }

  /// - Returns: the number; nil if the text is not exactly eight ASCII digits.
  package static func parse(_ text: some StringProtocol) -> UInt32? {
    text.utf8.count == 8 ? Array(text.utf8).withUnsafeBytes(parse) : nil
  }

  package static func text(_ ban: UInt32) -> String { ban.padded(8) }
}

package enum JSONText {
  /// Returns a JSON string, with its quotes (RFC 8259, section 7).
  ///
  /// - Parameter scalarsMax: maximum number of scalars of the text; a longer text is cut and ends with `…`.
  package static func quoted(_ text: String, scalarsMax: Int = .max) -> String {
    var result = "\""
    var room = scalarsMax
    for scalar in text.unicodeScalars {
      guard room > 0 else {
        result += "…"
        break
      }
      room -= 1
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<" ": result += "\\u" + scalar.value.padded(4, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// PostgreSQL's text form of arrays, for parameters.
package enum PostgresArray {
  /// For `text[]`, and for arrays of types that PostgreSQL reads from text.
  package static func of(_ texts: some Sequence<String>) -> String {
    let quoted = texts.map { text in
      "\""
        + text.unicodeScalars.reduce(into: "") { result, scalar in
          if scalar == "\\" || scalar == "\"" { result += "\\" }
          result.unicodeScalars.append(scalar)
        } + "\""
    }
    return "{" + quoted.joined(separator: ",") + "}"
  }

  /// For BANs as `text[]`.
  package static func of(bans: some Sequence<UInt32>) -> String {
    "{" + bans.map(BANText.text).joined(separator: ",") + "}"
  }
}

package enum LineFeeds {
  /// Counts line feeds, 64 bytes at a time.
  package static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    var count = 0
    var index = 0
    while index + 64 <= bytes.count {
      count += registry_line_feeds(base + index).nonzeroBitCount
      index += 64
    }
    while index < bytes.count {
      if base[index] == 0x0A { count += 1 }
      index += 1
    }
    return count
  }
}
