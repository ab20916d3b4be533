/// Reads one flat JSON object (RFC 8259). White space and numbers other than non-negative integers are errors.
enum StrictJSON {
  enum Value: Equatable {
    case null
    case bool(Bool)
    case number(Int)
    case text([UInt8])
  }

  static func object(_ bytes: [UInt8]) throws -> [String: Value] {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw Unlike(description: "JSON that is not UTF-8") }
    var reader = Reader(bytes: bytes)
    var object: [String: Value] = [:]
    try reader.take("{")
    repeat {
      let key = String(decoding: try reader.text(), as: UTF8.self)
      try reader.take(":")
      guard object.updateValue(try reader.value(), forKey: key) == nil else {
        throw Unlike(description: "the key \(key) twice")
      }
    } while reader.has(",")
    try reader.take("}")
    guard reader.index == bytes.count else { throw Unlike(description: "data after the object") }
    return object
  }

  /// Decodes base64 (RFC 4648, section 4) with padding.
  static func bytes(base64: [UInt8]) throws -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var values = [UInt8: UInt32]()
    for (value, digit) in alphabet.enumerated() { values[digit] = UInt32(value) }
    guard base64.count.isMultiple(of: 4) else { throw Unlike(description: "base64 of \(base64.count) digits") }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: base64.count, by: 4) {
      let quad = base64[start..<start + 4]
      let digits = quad.prefix { $0 != UInt8(ascii: "=") }
      guard digits.count >= 2, digits.count == 4 || start + 4 == base64.count,
        quad.dropFirst(digits.count).allSatisfy({ $0 == UInt8(ascii: "=") })
      else { throw Unlike(description: "base64 padding") }
      var word: UInt32 = 0
      for digit in digits {
        guard let value = values[digit] else { throw Unlike(description: "a base64 digit \(digit)") }
        word = word << 6 | value
      }
      word <<= UInt32(6 * (4 - digits.count))
      for place in 0..<digits.count - 1 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * place))) }
    }
    return bytes
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    mutating func has(_ literal: StaticString) -> Bool {
      let wanted = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
      guard bytes[index...].starts(with: wanted) else { return false }
      index += wanted.count
      return true
    }

    mutating func take(_ literal: StaticString) throws {
      guard has(literal) else { throw Unlike(description: "no \(literal) at \(index)") }
    }

    mutating func value() throws -> Value {
      if has("null") { return .null }
      if has("true") { return .bool(true) }
      if has("false") { return .bool(false) }
      if index < bytes.count, bytes[index] == UInt8(ascii: "\"") { return .text(try text()) }
      let digits = bytes[index...].prefix { (48...57).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)), digits.count == 1 || digits.first != 48 else {
        throw Unlike(description: "no value at \(index)")
      }
      index += digits.count
      return .number(number)
    }

    mutating func text() throws -> [UInt8] {
      try take("\"")
      var text: [UInt8] = []
      while index < bytes.count {
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""): return text
        case 0..<0x20: throw Unlike(description: "a control character in a string")
        case UInt8(ascii: "\\"): text.append(try escape())
        default: text.append(byte)
        }
      }
      throw Unlike(description: "a string without an end")
    }

    private mutating func escape() throws -> UInt8 {
      let plain: [(StaticString, UInt8)] = [
        ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("n", 10), ("r", 13), ("t", 9), ("b", 8), ("f", 12),
      ]
      for (literal, byte) in plain where has(literal) { return byte }
      // Findings use this escape only for control characters.
      try take("u00")
      guard index + 2 <= bytes.count,
        let byte = UInt8(String(decoding: bytes[index..<index + 2], as: UTF8.self), radix: 16),
        byte < 0x20
      else { throw Unlike(description: "an escape at \(index)") }
      index += 2
      return byte
    }
  }
}
