import ReferenceImplementation
import Testing

/// Where records and fields begin and end.
struct RecordTests {
  @Test func `LF and CRLF end a record and may be mixed`() {
    let result = read("統一編號,營業人名稱\r\n12345675,甲\n20000003,乙\r\n00000005,丙")
    #expect(result.names == ["甲", "乙", "丙"])
    // 28 bytes of header, 12 of each record, and the line ends.
    #expect(result.recordEnds == [30, 43, 57, 69])
  }

  @Test func `a BOM is dropped but counts for byte offsets`() {
    let result = read("\u{FEFF}" + short + "12345675,甲\nx,乙\n")
    #expect(result.columns == ["統一編號", "營業人名稱"])
    #expect(result.recordEnds == [32, 45, 51])
    #expect(result.findings.map(\.byteOffset) == [45])
    #expect(result.findings.map(\.line) == [3])
  }

  @Test(arguments: ["\u{FEFF}\u{FEFF}", "\u{200B}", "\u{2060}\u{FEFF}\u{200F}\u{AD}", "\u{E0001}\u{FEFF}"])
  func `format characters before the header are dropped but count for byte offsets`(before: String) {
    let result = read(before + short + "12345675,甲\nx,乙\n")
    #expect(result.columns == ["統一編號", "營業人名稱"])
    #expect(result.findings.map(\.byteOffset) == [before.utf8.count + 42])
    #expect(result.findings.map(\.line) == [3])
    // Only before the header.
    #expect(read(short + before + "12345675,甲\n").verdicts == ["1 INVALID_BAN 統一編號"])
    #expect(read("\"" + before + "統一編號\",營業人名稱\n").refusal?.contains("統一編號") == true)
    #expect(read(" " + before + short).refusal?.contains("統一編號") == true)
  }

  @Test func `a lone CR is data`() {
    #expect(read(short + "12345675,甲\r乙\n").names == ["甲\r乙"])
    // At the end of a field it is data too, but trimmed as White_Space.
    #expect(read(short + "12345675,甲\r").names == ["甲"])
    #expect(read(short + "12345675,甲\r").recordEnds == [29, 42])
    #expect(read(short + "12345675,甲\r\r\n").names == ["甲"])
  }

  @Test func `an empty line is a record of one empty field`() {
    let result = read(short + "\n\r\n12345675,甲\n\n")
    #expect(result.totals == ReferenceTotals(total: 4, processed: 1, blank: 3))
    #expect(result.recordEnds == [29, 30, 32, 45, 46])
  }

  @Test func `no record follows the last line end`() {
    #expect(read(short + "12345675,甲\n").totals.total == 1)
    #expect(read(short + "12345675,甲").totals.total == 1)
  }

  @Test func `a quoted field may contain commas, line breaks and quotes`() {
    #expect(read(short + "12345675,\"a,b\"\n").names == ["a,b"])
    #expect(read(short + "12345675,\"a\nb\"\n").names == ["a\nb"])
    #expect(read(short + "12345675,\"a\r\nb\"\r\n").names.map { Array($0.utf8) } == [[97, 13, 10, 98]])
    #expect(read(short + "12345675,\"\"\"a\"\"b\"\"\"\n").names == ["\"a\"b\""])
    #expect(read(short + "12345675,\"\"\"\"").names == ["\""])
  }

  @Test func `a closing quote is followed by a comma, LF, CRLF or the end`() {
    #expect(read(short + "\"12345675\",\"a\"\n").names == ["a"])
    #expect(read(short + "\"12345675\",\"a\"\r\n").names == ["a"])
    #expect(read(short + "\"12345675\",\"a\"").names == ["a"])
  }

  @Test func `quotes are data in a field that does not begin with one`() {
    #expect(read(short + "12345675,a\"b\n").names == ["a\"b"])
    #expect(read(short + "12345675, \"a\"\n").names == ["\"a\""])
    #expect(read(short + "12345675,a\"\"\n").names == ["a\"\""])
    #expect(read(short + "12345675, \"a,b\"\n").verdicts == ["1 FIELD_COUNT"])
  }
}
