/// PostgreSQL's COPY text format: fields parted by tabs, rows by LF, NULL as `\N`, and a backslash before what would
/// be misread (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
extension TextBuffer {
  mutating func appendNull() { append("\\N") }

  /// A value, or NULL where it is missing.
  @inline(__always)
  mutating func append(_ value: Value, of base: UnsafePointer<UInt8>) {
    if value.isMissing { return appendNull() }
    var start = value.span.start
    var index = start
    while index < value.span.end {
      let byte = base[index]
      // Only these four mean something to COPY; a quote only where the field was quoted.
      if byte > .backslash || byte != .backslash && byte >= 0x20 && byte != .quote {
        index += 1
        continue
      }
      let escape: UInt8
      switch byte {
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
}
