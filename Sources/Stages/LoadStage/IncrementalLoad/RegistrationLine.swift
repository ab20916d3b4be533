import Support

/// What the comparison needs of a line of `registrations.tsv`: its first field and its last.
package struct RegistrationLine {
  package let ban: UInt32
  package let contentHash: Int64

  /// - Parameter line: with or without its line feed.
  /// - Returns: nil if the line does not have the form that transform writes.
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

  /// Parses a signed decimal number of 64 bits; nil if it is malformed or out of range.
  package static func decimal(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    guard text.count > (isNegative ? 1 : 0) else { return nil }
    var value: Int64 = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      // Accumulates a negative value: Int64.min has no positive counterpart.
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, under) = product.subtractingReportingOverflow(Int64(byte - 0x30))
      if over || under { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == .min ? nil : -value
  }
}

/// Fields of COPY text.
enum CopyLine {
  /// The text of NULL.
  static let null = Array("\\N".utf8)

  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else { return text }
    // By scalars: a backslash with a combining mark is a different Character.
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

  /// Returns the first `count` fields, and the rest as one.
  static func split(_ row: UnsafeRawBufferPointer, _ count: Int) -> [UnsafeRawBufferPointer] {
    var fields: [UnsafeRawBufferPointer] = []
    var start = 0
    for index in row.indices where row[index] == .tab && fields.count < count {
      fields.append(UnsafeRawBufferPointer(rebasing: row[start..<index]))
      start = index + 1
    }
    return fields + [UnsafeRawBufferPointer(rebasing: row[start...])]
  }

  /// Appends a field in the form that transform writes. The server escapes three characters that need no escape.
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
