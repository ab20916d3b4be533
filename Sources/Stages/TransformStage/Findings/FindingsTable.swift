import CommandKit
import Records
import Spool
import StructuredLogging

/// Formats findings for the terminal: one line per finding, in columns.
struct FindingsTable {
  private let codeWidth: Int
  private let lineWidth: Int
  private let messageWidth: Int
  private let recordWidth: Int

  /// A longer message exceeds its column, so that it does not move the records of all lines to the right.
  private static let messageWidthMax = 62
  private static let recordWidthMin = 24
  private static let severityWidth = 7
  private static let columnWidth = Column.allCases.map { TextWidth.of($0.name) }.max() ?? 0

  /// - Parameters:
  ///   - codes: the codes that may occur.
  ///   - records: number of records in the snapshot, which determines the width of line numbers.
  ///   - width: columns of a line.
  init(codes: some Sequence<String>, records: Int, width: Int) {
    let codes = Array(codes)
    codeWidth = codes.map(\.count).max() ?? 0
    lineWidth = String(records).count + 1
    let messages = codes.compactMap { FindingCode(code: $0)?.message.count }
    messageWidth = messages.filter { $0 <= Self.messageWidthMax }.max() ?? 0
    let taken = Self.severityWidth + codeWidth + lineWidth + Self.columnWidth + messageWidth + 5 * 2
    recordWidth = max(Self.recordWidthMin, width - taken)
  }

  func line(_ finding: Finding) -> String {
    let number = String(finding.line)
    let record = String(decoding: (finding.rawBytes ?? []).prefix(recordWidth * 4), as: UTF8.self)
    let cells = [
      TextWidth.pad(Terminal.safe(finding.severity), Self.severityWidth),
      TextWidth.pad(Terminal.safe(finding.code), codeWidth),
      String(repeating: " ", count: max(0, lineWidth - number.count)) + number,
      TextWidth.pad(Terminal.safe(finding.column ?? ""), Self.columnWidth),
      TextWidth.pad(Terminal.safe(finding.message), messageWidth),
      TextWidth.shorten(Terminal.safe(record), recordWidth),
    ]
    return cells.joined(separator: "  ")
  }
}
