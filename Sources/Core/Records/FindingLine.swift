import FoundationEssentials

/// A finding in the error manifest: one JSON object per line.
struct FindingLine {
  /// Number of the record in the snapshot, from 1; 0 for an unreadable stamp row.
  var record: Int
  /// Line of its first byte in the source, from 1.
  var line: Int
  /// Offset of its first byte in the source.
  var byteOffset: Int
  var code: FindingCode
  var column: Column?
  /// The record's bytes, without its line end.
  var raw: Bytes

  /// Maximum number of bytes that are kept of a record.
  static let rawBytesMax = 65_536
}

extension TextBuffer {
  mutating func append(_ finding: FindingLine) {
    append("{\"record\":")
    append(decimal: Int64(finding.record))
    append(",\"line\":")
    append(decimal: Int64(finding.line))
    append(",\"byte_offset\":")
    append(decimal: Int64(finding.byteOffset))
    append(",\"code\":\"")
    append(finding.code.code)
    append("\",\"severity\":\"")
    append(finding.code.severity)
    append("\",\"column\":")
    if let column = finding.column {
      append("\"")
      append(column.name)
      append("\"")
    } else {
      append("null")
    }
    append(",\"message\":\"")
    append(finding.code.message)
    append("\",")
    appendRaw(finding.raw)
    append("}\n")
  }

  private mutating func appendRaw(_ raw: Bytes) {
    let truncated = raw.count > FindingLine.rawBytesMax
    guard let base = raw.baseAddress, !raw.isEmpty else { return append("\"raw\":\"\"") }
    let count = min(raw.count, FindingLine.rawBytesMax)
    let text = TextEncoding.wellFormedPrefix(base, count, allowNUL: true)
    // A cut may fall inside a character; the text then ends before it.
    if text == count || truncated && text > count - 4 && isCut(base + text, count - text) {
      append("\"raw\":\"")
      appendJSON(base, text)
    } else {
      append("\"raw_base64\":\"")
      for byte in Data(bytes: base, count: count).base64EncodedString().utf8 { append(byte) }
    }
    append("\"")
    if truncated { append(",\"truncated\":true") }
  }

  /// Whether the bytes are the beginning of a character that continues after them.
  private func isCut(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var padded: (UInt8, UInt8, UInt8, UInt8) = (0x80, 0x80, 0x80, 0x80)
    let width = base[0] >= 0xF0 ? 4 : base[0] >= 0xE0 ? 3 : 2
    guard count < width else { return false }
    return withUnsafeMutableBytes(of: &padded) { bytes in
      for index in 0..<count { bytes[index] = base[index] }
      // The lowest and the highest continuation byte: one of them completes every incomplete character.
      for filler: UInt8 in [0x80, 0xBF] {
        for index in count..<width { bytes[index] = filler }
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        if TextEncoding.wellFormedPrefix(start, width, allowNUL: true) == width { return true }
      }
      return false
    }
  }

  /// Appends the content of a JSON string (RFC 8259, section 7); the bytes are well-formed UTF-8.
  private mutating func appendJSON(_ base: UnsafePointer<UInt8>, _ count: Int) {
    let digits: StaticString = "0123456789abcdef"
    for index in 0..<count {
      let byte = base[index]
      switch byte {
      case .quote, .backslash:
        append(.backslash)
        append(byte)
      case .lineFeed: append("\\n")
      case .carriageReturn: append("\\r")
      case .tab: append("\\t")
      case 0..<0x20:
        append("\\u00")
        append(digits.utf8Start[Int(byte >> 4)])
        append(digits.utf8Start[Int(byte & 15)])
      default: append(byte)
      }
    }
  }
}
