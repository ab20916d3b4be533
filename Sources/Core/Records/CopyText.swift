/// PostgreSQL's COPY text format: fields separated by tabs, rows by LF, NULL as `\N`, and a backslash before bytes that
/// would be misread (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
extension TextBuffer {
  @inline(__always)
  mutating func appendNull() { append("\\N") }

  /// Appends a value, or NULL if it is missing.
  @inline(__always)
  mutating func append(_ value: FieldValue, of base: UnsafePointer<UInt8>) {
    if value.isMissing { return appendNull() }
    let start = count
    // Few values need escaping, so the value is copied as it is and checked during the copy.
    let isPlain = appendLooking(base + value.span.start, value.span.count)
    guard !isPlain || value.escaped else { return }
    truncate(to: start)
    appendEscaped(value, of: base)
  }

  private mutating func appendEscaped(_ value: FieldValue, of base: UnsafePointer<UInt8>) {
    var start = value.span.start
    var index = start
    while index < value.span.end {
      let escape: UInt8
      switch base[index] {
      case .backslash: escape = .backslash
      case .tab: escape = UInt8(ascii: "t")
      case .lineFeed: escape = UInt8(ascii: "n")
      case .carriageReturn: escape = UInt8(ascii: "r")
      case .quote where value.escaped:
        append(base + start, index + 1 - start)
        index += 2
        start = index
        continue
      default:
        index += 1
        continue
      }
      append(base + start, index - start)
      append(.backslash)
      append(escape)
      index += 1
      start = index
    }
    append(base + start, value.span.end - start)
  }

  /// Appends bytes. Returns whether none of them is a backslash or a control character.
  @inline(__always)
  private mutating func appendLooking(_ from: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    reserve(length)
    let to = UnsafeMutableRawPointer(end)
    let from = UnsafeRawPointer(from)
    var found: UInt64 = 0
    @inline(__always) func copyWord(_ offset: Int) {
      let word = from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      to.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
      found |= EightBytes.bytes(of: word, below: 0x20) | EightBytes.bytes(of: word, equalTo: .backslash)
    }
    if length >= 8 {
      var offset = 0
      while offset + 8 < length {
        copyWord(offset)
        offset += 8
      }
      // The last eight bytes, some of them for the second time.
      copyWord(length - 8)
    } else {
      for offset in 0..<length {
        let byte = from.load(fromByteOffset: offset, as: UInt8.self)
        to.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        if byte < 0x20 || byte == .backslash { found = 1 }
      }
    }
    grew(by: length)
    return found == 0
  }
}

/// SWAR: tests eight bytes at a time (after "Bit Twiddling Hacks", Sean Anderson).
enum EightBytes {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// Returns a value other than 0 if at least one byte is less than `bound`, which is at most 128.
  @inline(__always)
  static func bytes(of word: UInt64, below bound: UInt8) -> UInt64 {
    (word &- ones &* UInt64(bound)) & ~word & highBits
  }

  /// Returns a value other than 0 if at least one byte is `byte`.
  @inline(__always)
  static func bytes(of word: UInt64, equalTo byte: UInt8) -> UInt64 {
    bytes(of: word ^ (ones &* UInt64(byte)), below: 1)
  }
}
