/// What the comparison needs of a line of `registrations.tsv`: its first field and its last.
package struct RegistrationLine {
  package let ban: UInt32
  package let contentHash: Int64

  /// - Parameter line: with or without its line feed.
  /// - Returns: nil where the line has not the form that transform writes.
  package init?(_ line: UnsafeRawBufferPointer) {
    var end = line.count
    if end > 0, line[end - 1] == .lineFeed { end -= 1 }
    guard let ban = BANText.parse(line), end > 9, line[8] == .tab else { return nil }
    var start = end
    while start > 9, line[start - 1] != .tab { start -= 1 }
    guard let hash = Self.decimal(UnsafeRawBufferPointer(rebasing: line[start..<end])) else { return nil }
    self.ban = ban
    contentHash = hash
  }

  /// A signed decimal number of 64 bits.
  package static func decimal(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    guard text.count > (isNegative ? 1 : 0) else { return nil }
    var value: Int64 = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      // Downwards: the least number has no positive counterpart.
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, under) = product.subtractingReportingOverflow(Int64(byte - 0x30))
      if over || under { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == .min ? nil : -value
  }
}

/// A BAN's eight digits as a number and back.
public enum BANText {
  /// - Returns: the number that the first eight bytes spell, nil where they are not eight digits.
  package static func parse(_ text: UnsafeRawBufferPointer) -> UInt32? {
    guard text.count >= 8 else { return nil }
    var value: UInt32 = 0
    for index in 0..<8 {
      let byte = text[index]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + UInt32(byte - 0x30)
    }
    return value
  }

  /// - Returns: the number, nil where the text is not exactly eight ASCII digits.
  public static func parse(_ text: String) -> UInt32? {
    text.utf8.count == 8 ? Array(text.utf8).withUnsafeBytes(parse) : nil
  }

  package static func text(_ ban: UInt32) -> String {
    let digits = String(ban)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}

/// Fields of COPY text.
enum CopyLine {
  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else { return text }
    // Scalar by scalar: a backslash and the accent on it are one character.
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// The first `count` fields, and the rest as one.
  static func split(_ row: UnsafeRawBufferPointer, _ count: Int) -> [UnsafeRawBufferPointer] {
    var fields: [UnsafeRawBufferPointer] = []
    var start = 0
    for index in row.indices where row[index] == .tab && fields.count < count {
      fields.append(UnsafeRawBufferPointer(rebasing: row[start..<index]))
      start = index + 1
    }
    return fields + [UnsafeRawBufferPointer(rebasing: row[start...])]
  }

  /// As transform writes it: the server escapes three characters that need no escape.
  static func append(_ field: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    guard field.contains(UInt8(ascii: "\\")) else { return bytes.append(contentsOf: field) }
    var index = 0
    while index < field.count {
      let byte = field[index]
      index += 1
      guard byte == UInt8(ascii: "\\"), index < field.count else {
        bytes.append(byte)
        continue
      }
      switch field[index] {
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "v"): bytes.append(0x0B)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      default: bytes += [byte, field[index]]
      }
      index += 1
    }
  }
}

extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let tab = UInt8(ascii: "\t")
}
