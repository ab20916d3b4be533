/// Converts values to cells of a correction sheet and back. A spreadsheet that saves the sheet drops quotes, and takes
/// some text for a formula. One apostrophe before the value prevents both; reading removes exactly one.
public enum SheetCell {
  /// Returns the cell for a value.
  ///
  /// - Parameters:
  ///   - isQuoted: whether the value was quoted in the source: a mark for "missing" is then a value.
  ///   - keepsDigits: whether to protect digits that a spreadsheet would lose in a number: leading zeros, or those that
  ///     it rounds away when it saves twelve or more as 2.59304E+11.
  public static func escape(_ value: [UInt8], isQuoted: Bool, keepsDigits: Bool = false) -> [UInt8] {
    needsApostrophe(value, isQuoted: isQuoted) || keepsDigits && losesDigits(value) ? [.apostrophe] + value : value
  }

  private static func losesDigits(_ value: [UInt8]) -> Bool {
    (value.count > 11 || value.count > 1 && value[0] == .zero) && value.allSatisfy { $0.digit <= 9 }
  }

  /// Returns SQL for the cell of a text. Only ``escape(_:isQuoted:keepsDigits:)`` knows long digits, and all marks for
  /// "missing": the registry has few of either.
  ///
  /// - Parameter text: an SQL expression.
  public static func sql(_ text: String) -> String {
    #"""
    CASE WHEN left(\#(text), 1) IN ('=', '+', '-', '@', '''', E'\t', E'\r', '＝', '＋', '－', '＠')
      OR \#(text) IN ('NULL', 'null', 'NA', 'N/A') OR \#(text) ~ '^0[0-9]+$'
      THEN '''' || (\#(text)) ELSE \#(text) END
    """#
  }

  /// Returns the value of a cell, and whether it counts as quoted.
  public static func unescape(_ cell: [UInt8]) -> (value: [UInt8], isQuoted: Bool) {
    cell.first == .apostrophe ? (Array(cell.dropFirst()), true) : (cell, false)
  }

  private static func needsApostrophe(_ value: [UInt8], isQuoted: Bool) -> Bool {
    guard let first = value.first else { return false }
    switch first {
    case .apostrophe, .tab, .carriageReturn: return true
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"): return true
    case 0xEF:
      // ＝, ＋, － and ＠: some spreadsheets treat the full-width forms like the ASCII ones.
      return value.count >= 3 && value[1] == 0xBC && [0x9D, 0x8B, 0x8D, 0xA0].contains(value[2])
    default: return isQuoted && isMark(value)
    }
  }

  /// Whether the value would mean "missing" if it were not quoted.
  private static func isMark(_ value: [UInt8]) -> Bool {
    value.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return false }
      return FieldValue.isMark(base, ByteRange(start: 0, end: bytes.count))
    }
  }

  /// The maximum size of a cell as CSV: two quotes around it, and one more for each quote inside.
  static func csvBytes(_ cell: [UInt8]) -> Int { cell.count + 2 + cell.count { $0 == .quote } }

  /// Appends a cell as CSV: in quotes if it has a comma, a quote, a line break, or a space at an end.
  static func append(_ cell: [UInt8], to row: inout [UInt8]) {
    let needsQuotes =
      cell.contains { $0 == .quote || $0 == .comma || $0 == .lineFeed || $0 == .carriageReturn }
      || cell.first == UInt8(ascii: " ") || cell.last == UInt8(ascii: " ")
    guard needsQuotes else { return row.append(contentsOf: cell) }
    row.append(.quote)
    for byte in cell {
      if byte == .quote { row.append(.quote) }
      row.append(byte)
    }
    row.append(.quote)
  }
}

extension UInt8 {
  static let apostrophe = UInt8(ascii: "'")
}
