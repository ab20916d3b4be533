import ReferenceImplementation
import Testing

/// A record may have 65,536 bytes without its line end.
struct BoundTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// The record's first 65,536 bytes, in which `…` is replaced with as many x as needed.
    var before: String
    /// The bytes from offset 65,536 on.
    var after: String
    var category: String

    init(_ before: String, _ after: String, _ category: String) {
      self.before = before
      self.after = after
      self.category = category
    }

    var testDescription: String { "\(before)|\(after.debugDescription) \(category)" }

    var bytes: [UInt8] {
      let parts = before.split(separator: "…", omittingEmptySubsequences: false).map { Array($0.utf8) }
      let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536 - parts[0].count - parts[1].count)
      return parts[0] + filling + parts[1] + Array(after.utf8)
    }
  }

  /// FIELD_COUNT means that the record was read to its end.
  static let cases = [
    Case("…", "\n", "FIELD_COUNT"),
    Case("…", "\r\n", "FIELD_COUNT"),
    Case("…", "", "FIELD_COUNT"),
    Case("…\r", "\n", "FIELD_COUNT"),
    Case("…", "x", "RECORD_TOO_LONG"),
    Case("…", "x\n", "RECORD_TOO_LONG"),
    Case("…", ",\n", "RECORD_TOO_LONG"),
    Case("…", "\r", "RECORD_TOO_LONG"),
    Case("…", "\rx\n", "RECORD_TOO_LONG"),
    Case("…\r", "x\n", "RECORD_TOO_LONG"),
    Case("…,", "\n", "FIELD_COUNT"),
    Case("…,", "\"x\"\n", "RECORD_TOO_LONG"),
    Case("\"…", "", "MALFORMED_QUOTE"),
    Case("\"…", "\"\n", "MALFORMED_QUOTE"),
    Case("\"…", "x", "MALFORMED_QUOTE"),
    Case("\"…\"", "\n", "FIELD_COUNT"),
    Case("\"…\"", "\r\n", "FIELD_COUNT"),
    Case("\"…\"", "", "FIELD_COUNT"),
    Case("\"…\"", ",x\n", "RECORD_TOO_LONG"),
    Case("\"…\"", "\"\"\n", "MALFORMED_QUOTE"),
    Case("\"…\"", "x\n", "MALFORMED_QUOTE"),
    Case("\"…\"", "\r", "MALFORMED_QUOTE"),
    Case("\"…\"", "\rx\n", "MALFORMED_QUOTE"),
    Case("\"…\"\"", "\n", "MALFORMED_QUOTE"),
    Case("\"…\"x", "\n", "MALFORMED_QUOTE"),
  ]

  @Test(arguments: cases)
  func `a record may have 65,536 bytes without its line end`(bound: Case) {
    let result = referenceRead(Array("統一編號,營業人名稱,資本額\n20000003,好店,\n".utf8) + bound.bytes)
    #expect(result.verdicts == ["2 " + bound.category])
    #expect(result.totals.total == 2)
    var content = bound.bytes
    if content.last == 10 { content.removeLast() }
    if content.last == 13, content.count < bound.bytes.count { content.removeLast() }
    #expect(result.findings[0].raw == Array(content.prefix(65_536)))
    #expect(result.findings[0].truncated == (content.count > 65_536))
  }

  @Test func `a quote that is open at the bound is malformed and costs only its line`() {
    let filling = String(repeating: "x", count: 65_535)
    let result = read(short + "20000003,好店\n\"\(filling)\n20000004,b\n")
    #expect(result.verdicts == ["2 MALFORMED_QUOTE", "3 BAN_CHECKSUM 統一編號"])
    #expect(result.findings.map(\.truncated) == [false, false])
  }

  @Test func `a too long record ends at its first LF, even inside a quoted field`() {
    let filling = String(repeating: "b", count: 70_000)
    let result = read(short + "20000003,好店\na,\"x\ny\",\(filling)\n20000004,b\n")
    #expect(result.verdicts == ["2 RECORD_TOO_LONG", "3 RECORD_TOO_LONG", "4 BAN_CHECKSUM 統一編號"])
    #expect(result.findings.map(\.line) == [3, 4, 5])
    #expect(result.findings.map(\.truncated) == [false, true, false])
    #expect(result.raws[0] == "a,\"x")
  }

  @Test func `the BOM does not count for the header's length`() {
    let filling = String(repeating: "x", count: 65_536 - 29)
    #expect(read("\u{FEFF}統一編號,營業人名稱,\(filling)\n20000003,好店,\n").refusal == nil)
    #expect(read("統一編號,營業人名稱,\(filling)x\n20000003,好店,\n").refusal != nil)
  }
}
