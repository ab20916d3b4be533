import ReferenceImplementation
import Testing

/// The position and bytes of findings, and totals.
struct FindingTests {
  @Test func `a finding has its record, line, byte offset and raw bytes`() {
    let result = read("\u{FEFF}" + short + "01-SEP-26,\r\n\n\"20000004\",\"a\nb\"\r\n,x\r\n12345675\n")
    let error = "error"
    #expect(
      result.findings == [
        ReferenceFinding(
          record: 2, line: 4, byteOffset: 45, code: "BAN_CHECKSUM", severity: "warning", column: "統一編號",
          raw: Array("\"20000004\",\"a\nb\"".utf8)),
        ReferenceFinding(
          record: 3, line: 6, byteOffset: 63, code: "INVALID_BAN", severity: error, column: "統一編號",
          raw: Array(",x".utf8)),
        ReferenceFinding(
          record: 4, line: 7, byteOffset: 67, code: "FIELD_COUNT", severity: error, raw: Array("12345675".utf8)),
      ])
    #expect(result.totals == ReferenceTotals(total: 4, processed: 1, failed: 2, blank: 1))
    #expect(result.recordEnds == [32, 44, 45, 63, 67, 76])
  }

  @Test func `raw has at most 65,536 bytes`() {
    let line = String(repeating: "長", count: 30_000)
    let finding = read(short + "20000003,好店\n\(line)\n").findings[0]
    #expect(finding.raw == Array(line.utf8.prefix(65_536)))
    #expect(finding.truncated)
  }

  @Test func `a complete record gives a complete registration`() {
    let result = read(full + "\"某縣某鄉某路　３號\",12345675,20000003,\" 某商店\",\"1,000\",0400711,獨資,N,472927,豆類,,,,,,\n")
    #expect(
      result.registrations == [
        ReferenceRegistration([
          "ban": "12345675", "headquarters_ban": "20000003", "business_name": "某商店",
          "business_address": "某縣某鄉某路　３號", "capital_amount": "1000", "business_setup_date": "0400711",
          "setup_date": "1951-07-11", "business_type": "獨資", "is_use_invoice": "f",
        ])
      ])
    #expect(result.industries == [ReferenceIndustry(ban: "12345675", code: "472927", name: "豆類", order: 1)])
    #expect(result.columns + result.missingColumns == publishedColumns)
    #expect(result.unknownColumns.isEmpty)
  }

  @Test func `registrations are compared by bytes`() {
    let left = ReferenceRegistration(["ban": "12345675", "business_name": "\u{FA08}"])
    let right = ReferenceRegistration(["ban": "12345675", "business_name": "行"])
    #expect(left["business_name"] == right["business_name"])
    #expect(left != right)
  }
}
