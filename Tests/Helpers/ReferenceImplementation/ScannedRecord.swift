/// A parsed record, before validation.
struct ScannedRecord {
  enum StructureError: String {
    case malformedQuote = "MALFORMED_QUOTE"
    case recordTooLong = "RECORD_TOO_LONG"
  }

  struct Field {
    /// The bytes without surrounding quotes, and with `""` as one quote.
    var bytes: [UInt8] = []
    var isQuoted = false
  }

  /// The offset of the first byte.
  var start: Int
  /// The offset after the last byte before the line end.
  var contentEnd: Int
  /// The offset after the line end, where the next record starts.
  var end: Int
  /// Empty for a structure error.
  var fields: [Field] = []
  var error: StructureError?
}

let maximumRecordBytes = 65_536

private let comma = UInt8(ascii: ",")
private let quote = UInt8(ascii: "\"")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// Reads the record at `start`, byte by byte; there must be at least one byte.
func scanRecord(_ bytes: [UInt8], from start: Int) -> ScannedRecord {
  enum State { case fieldStart, unquoted, quoted, afterQuote }
  var state = State.fieldStart
  var fields: [ScannedRecord.Field] = []
  var field = ScannedRecord.Field()
  var position = start

  while true {
    let isLineEnd: Bool
    if position == bytes.count {
      if state == .quoted { return brokenLine(bytes, from: start, .malformedQuote) }
      isLineEnd = true
    } else {
      isLineEnd = state != .quoted && lineEndLength(bytes, at: position) > 0
    }
    if isLineEnd {
      let end = position + lineEndLength(bytes, at: position)
      return ScannedRecord(start: start, contentEnd: position, end: end, fields: fields + [field])
    }

    let byte = bytes[position]
    if position - start == maximumRecordBytes {
      switch state {
      case .quoted: return brokenLine(bytes, from: start, .malformedQuote)
      // A second quote keeps the field open; an invalid byte after a quote is an error at any length.
      case .afterQuote: return brokenLine(bytes, from: start, byte == comma ? .recordTooLong : .malformedQuote)
      case .fieldStart, .unquoted: return brokenLine(bytes, from: start, .recordTooLong)
      }
    }

    switch (state, byte) {
    case (.fieldStart, quote):
      field.isQuoted = true
      state = .quoted
    case (.fieldStart, comma), (.unquoted, comma), (.afterQuote, comma):
      fields.append(field)
      field = ScannedRecord.Field()
      state = .fieldStart
    case (.fieldStart, _), (.unquoted, _):
      field.bytes.append(byte)
      state = .unquoted
    case (.quoted, quote):
      state = .afterQuote
    case (.quoted, _):
      field.bytes.append(byte)
    case (.afterQuote, quote):
      field.bytes.append(quote)
      state = .quoted
    case (.afterQuote, _):
      return brokenLine(bytes, from: start, .malformedQuote)
    }
    position += 1
  }
}

/// Returns 1 for LF, 2 for CRLF, and 0 if there is no line end at `position`.
private func lineEndLength(_ bytes: [UInt8], at position: Int) -> Int {
  if position < bytes.count, bytes[position] == lineFeed { return 1 }
  if position + 1 < bytes.count, bytes[position] == carriageReturn, bytes[position + 1] == lineFeed { return 2 }
  return 0
}

/// Returns a structure error, which extends to the first LF, even if that LF was in quotes.
private func brokenLine(_ bytes: [UInt8], from start: Int, _ error: ScannedRecord.StructureError) -> ScannedRecord {
  guard let lineEnd = bytes[start...].firstIndex(of: lineFeed) else {
    return ScannedRecord(start: start, contentEnd: bytes.count, end: bytes.count, error: error)
  }
  let hasReturn = lineEnd > start && bytes[lineEnd - 1] == carriageReturn
  return ScannedRecord(start: start, contentEnd: hasReturn ? lineEnd - 1 : lineEnd, end: lineEnd + 1, error: error)
}
