/// PostgreSQL's COPY text format: fields parted by tabs, rows by LF, NULL as `\N`, and a backslash before what would
/// be misread (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
extension TextBuffer {
  @inline(__always)
  mutating func appendNull() { append("\\N") }

  /// A value, or NULL where it is missing.
  @inline(__always)
  mutating func append(_ value: FieldValue, of base: UnsafePointer<UInt8>) {
    if value.isMissing { return appendNull() }
    let start = count
    // Hardly a value holds anything to escape: it is copied as it stands, and that it may be is seen meanwhile.
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

  /// Appends bytes, and tells whether none among them is a backslash or a control character.
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
      // The last eight, some of them once more.
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

/// Eight bytes at a time: what a byte is asked, asked of eight at once (after "Bit Twiddling Hacks", Sean Anderson).
enum EightBytes {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// Not 0 where one of the bytes at least is less than `bound`, which is at most 128.
  @inline(__always)
  static func bytes(of word: UInt64, below bound: UInt8) -> UInt64 {
    (word &- ones &* UInt64(bound)) & ~word & highBits
  }

  /// Not 0 where one of the bytes at least is `byte`.
  @inline(__always)
  static func bytes(of word: UInt64, equalTo byte: UInt8) -> UInt64 {
    bytes(of: word ^ (ones &* UInt64(byte)), below: 1)
  }
}
