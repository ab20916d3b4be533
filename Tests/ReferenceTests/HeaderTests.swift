import ReferenceImplementation
import Testing

struct HeaderTests {
  @Test func `columns may be in any order, quoted, and surrounded by white space`() {
    let result = read("資本額, 營業人名稱\t,\"\u{3000}統一編號\n\"\n7,甲,12345675\n")
    #expect(result.columns == ["資本額", "營業人名稱", "統一編號"])
    #expect(
      result.registrations == [ReferenceRegistration(["ban": "12345675", "business_name": "甲", "capital_amount": "7"])])
  }

  @Test func `a missing column is empty, and an unknown one is ignored`() {
    let result = read("統一編號,停業日期,營業人名稱,,停業日期\n12345675,x,甲,y,z\n")
    #expect(result.unknownColumns == ["停業日期", "", "停業日期"])
    #expect(result.missingColumns == publishedColumns.filter { !["統一編號", "營業人名稱"].contains($0) })
    #expect(result.registrations == [ReferenceRegistration(["ban": "12345675", "business_name": "甲"])])
    #expect(result.findings.isEmpty)
  }

  @Test func `column names are compared by bytes`() {
    // U+FA08 is canonically equivalent to 行, so Swift's == treats the two as equal.
    #expect(read("統一編號,營業人名稱,\u{FA08}業代號\n12345675,甲,x\n").industries.isEmpty)
    #expect(read("統一編號,營業人名稱,資本額\u{200B}\n12345675,甲,x\n").findings.isEmpty)
  }

  @Test(arguments: [
    ("", "empty"), ("\u{FEFF}", "empty"),
    ("\n", "統一編號"), ("\n" + short + "12345675,甲\n", "統一編號"),
    ("<html><body>維護中</body></html>\n", "統一編號"),
    ("營業人名稱\n甲\n", "統一編號"), ("統一編號\n12345675\n", "營業人名稱"),
    ("統一編號,營業人名稱,名稱,名稱\n12345675,甲,,\n", "名稱 twice"),
    ("統一編號,營業人名稱,\"統一編號 \"\n12345675,甲,12345675\n", "統一編號 twice"),
    ("\"統一編號\"x,營業人名稱\n12345675,甲\n", "CSV"), ("統一編號,\"營業人名稱\n12345675,甲\n", "CSV"),
    ("統一編號,營業人名稱,\u{0}\n12345675,甲,\n", "NUL"),
    (short, "no accepted record"), (short + "\n", "no accepted record"), (short + "x,甲\n", "no accepted record"),
    (short + "01-SEP-26,\n", "no accepted record"),
  ])
  func `an invalid file is refused with the reason`(text: String, matter: String) {
    #expect(read(text).refusal?.contains(matter) == true)
  }

  @Test func `a header that is not UTF-8 is refused, even in an unknown column`() {
    #expect(read("統一編號,營業人名稱,", [0xE7, 0xB5], "\n12345675,甲,\n").refusal?.contains("UTF-8") == true)
  }

  @Test func `a snapshot refused for lack of accepted records has its findings`() {
    let result = read(short + "x,甲\n,\n")
    #expect(result.verdicts == ["1 INVALID_BAN 統一編號"])
    #expect(result.totals == ReferenceTotals(total: 2, failed: 1, blank: 1))
  }

  @Test func `a file with a line over 16 MiB is refused`() {
    let start = Array((short + "20000003,好店\n").utf8)
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 20)
    let result = referenceRead(start + line + [10])
    #expect(result.refusal == nil)
    #expect(result.verdicts == ["2 RECORD_TOO_LONG"])
    #expect(referenceRead(start + line + [120, 10]).refusal?.contains("16 MiB") == true)
    #expect(referenceRead(line + [120, 10]).refusal?.contains("16 MiB") == true)
  }

  @Test func `a file with more than 100,000 structure errors is refused`() {
    let errors = Array(String(repeating: "\"\"x\n", count: 100_000).utf8)
    let start = Array((short + "20000003,好店\n").utf8)
    #expect(referenceRead(start + errors).refusal == nil)
    #expect(referenceRead(start + errors + errors.prefix(4)).refusal?.contains("structure errors") == true)
  }
}
