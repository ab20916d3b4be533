/// Formats findings as CSV for a spreadsheet: UTF-8 with a byte order mark, commas, CRLF. A possible formula gets a
/// leading apostrophe, as in the pipeline's own sheets. NUL and bytes that are not UTF-8 become U+FFFD.
public enum FindingSheet {
  /// The greatest length of a record in bytes. A longer one is cut and ends with `…`: a spreadsheet cell holds 32,767
  /// characters.
  public static let rawBytesMax = 12 << 10

  /// Returns the byte order mark and the names of the nine columns: batch, severity, code, record, line, byte offset,
  /// column, meaning, bytes of the record.
  public static func header(_ names: [String]) -> String { "\u{FEFF}" + line(names) }

  /// Returns one line for each finding.
  ///
  /// - Parameter words: the severity and the meaning of a finding, in the reader's language.
  public static func lines(
    _ findings: [StoredFinding], _ words: (StoredFinding) -> (severity: String, meaning: String)
  ) -> String {
    findings.map { finding in
      let (severity, meaning) = words(finding)
      return line([
        "\(finding.batch)", severity, finding.code, "\(finding.record)", "\(finding.line)", "\(finding.byteOffset)",
        finding.column ?? "", meaning, raw(finding),
      ])
    }.joined()
  }

  private static func raw(_ finding: StoredFinding) -> String {
    var end = min(finding.raw.count, rawBytesMax)
    while end > 0, end < finding.raw.count, finding.raw[end] & 0xC0 == 0x80, rawBytesMax - end < 4 { end -= 1 }
    let isCut = end < finding.raw.count || finding.isTruncated
    return String(decoding: finding.raw[..<end].map { $0 == 0 ? 0xFF : $0 }, as: UTF8.self) + (isCut ? "…" : "")
  }

  private static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

  private static let formulaStarts: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\t", "\r", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}", "'",
  ]

  /// Returns a cell as written in the file. It checks scalars, since a combining mark after `=` makes another Character
  /// of it.
  static func cell(_ value: String) -> String {
    let scalars = value.unicodeScalars
    var safe = scalars.first.map(formulaStarts.contains) == true ? "'" : ""
    for scalar in scalars {
      safe.unicodeScalars.append(scalar)
      if scalar == "\"" { safe.unicodeScalars.append(scalar) }
    }
    let needsQuotes =
      scalars.contains { $0 == "\"" || $0 == "," || $0 == "\n" || $0 == "\r" } || scalars.first == " "
      || scalars.last == " "
    return needsQuotes ? "\"\(safe)\"" : safe
  }
}
