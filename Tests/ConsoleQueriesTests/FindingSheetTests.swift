import ConsoleQueries
import Foundation
import Postgres
import Testing

@Suite("Findings as CSV", .needsRunDatabase)
struct FindingSheetTests {
  /// Reads CSV (RFC 4180) scalar by scalar.
  private static func read(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell = String.UnicodeScalarView()
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\"" where isQuoted && scalars.first == "\"": cell.append(scalars.removeFirst())
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(String(cell))
        cell = .init()
      case "\r" where !isQuoted && scalars.first == "\n":
        scalars.removeFirst()
        rows.append(row + [String(cell)])
        (row, cell) = ([], .init())
      default: cell.append(scalar)
      }
    }
    return rows
  }

  private static let header = ["batch", "類別", "代碼", "record", "line", "byte_offset", "column", "meaning", "raw"]

  @Test("every cell is read back unchanged, and none begins like a formula")
  func cells() throws {
    let starts = ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'", "=\u{301}"]
    let others = ["", "甲", " a ", "\"a\"", "a,b", "a\nb", "a\r\nb", "1=2", "\u{202E}x"]
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      let values = starts.map { $0 + "1+1\"," } + others
      for (record, value) in values.enumerated() {
        let base64 = Data(value.utf8).base64EncodedString()
        try harness.finding(
          &connection, run: run, batch: 1, severity: "error", code: "INVALID_BAN",
          raw: #"{"record": \#(record), "line": 2, "byte_offset": 3, "column": "統一編號", "raw_base64": "\#(base64)"}"#)
      }
      let findings = try Findings.page(&connection, of: run).findings
      let rows = Self.read(FindingSheet.header(Self.header) + FindingSheet.lines(findings) { ("未載入", $0.message) })
      #expect(rows.first == ["\u{FEFF}batch"] + Self.header.dropFirst())
      #expect(rows.count == values.count + 1)
      for (value, row) in zip(values, rows.dropFirst()) {
        let cell = try #require(row.last)
        let isFormula = starts.contains { start in value.unicodeScalars.starts(with: start.unicodeScalars) }
        #expect(cell.unicodeScalars.elementsEqual(((isFormula ? "'" : "") + value).unicodeScalars))
        #expect(row.prefix(8).elementsEqual(["1", "未載入", "INVALID_BAN", row[3], "2", "3", "統一編號", "what is wrong"]))
      }
    }
  }

  @Test("invalid bytes are replaced, and a long record is cut between characters with an ellipsis")
  func raw() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      let long = Array(String(repeating: "統", count: 5000).utf8)
      for (record, bytes) in [[0x61, 0xFF, 0x00, 0x62], long].enumerated() {
        try harness.finding(
          &connection, run: run, batch: 1, severity: "error", code: "INVALID_ENCODING",
          raw: #"{"record": \#(record), "line": 2, "raw_base64": "\#(Data(bytes as [UInt8]).base64EncodedString())"}"#)
      }
      let findings = try Findings.page(&connection, of: run).findings
      let cells = Self.read(FindingSheet.lines(findings) { ($0.severity, $0.message) }).compactMap(\.last)
      #expect(cells == ["a\u{FFFD}\u{FFFD}b", String(repeating: "統", count: FindingSheet.rawBytesMax / 3) + "…"])
    }
  }
}
