import ReferenceImplementation
import Testing

struct StampTests {
  @Test(arguments: [
    ("01-SEP-26,", "2026-09-01"), ("29-FEB-24,", "2024-02-29"), ("31-DEC-99,", "2099-12-31"),
    ("29-FEB-00,", "2000-02-29"), ("01-SEP-26", "2026-09-01"), ("01-SEP-26,,,,", "2026-09-01"),
    ("\"01-SEP-26\",\"\"", "2026-09-01"), ("\u{3000}01-SEP-26\t,NA,null, ", "2026-09-01"),
    ("\"\n01-SEP-26\",\"\n\"", "2026-09-01"),
    ("30-APR-26,", "2026-04-30"), ("31-JAN-26,", "2026-01-31"), ("31-MAR-26,", "2026-03-31"),
    ("31-MAY-26,", "2026-05-31"), ("30-JUN-26,", "2026-06-30"), ("31-JUL-26,", "2026-07-31"),
    ("31-AUG-26,", "2026-08-31"), ("31-OCT-26,", "2026-10-31"), ("30-NOV-26,", "2026-11-30"),
  ])
  func `a stamp row gives the source date and is not a record`(row: String, date: String) {
    let result = read(short + row + "\n20000003,好店\n")
    #expect(result.sourceDate == date)
    #expect(result.totals == ReferenceTotals(total: 1, processed: 1))
    #expect(result.recordEnds == [29, 30 + row.utf8.count, 46 + row.utf8.count])
  }

  @Test(arguments: [
    "01-sep-26,", "01-Sep-26,", "31-FEB-26,", "29-FEB-23,", "31-APR-26,", "00-SEP-26,", "32-SEP-26,", "1-SEP-26,",
    "01-SEP-2026,", "01-SEP-6,", "01-09-26,", "01/SEP/26,", "０1-SEP-26,", "01-SEPT-26,", "01-SEP-26-,", "+1-SEP-26,",
    "01- SEP-26,", "02-9月 -26,", "31-8月 -26,", "SEP,", "1234567,", "x", "x,,,\"\",NA", "\"x\n\",", "\"NA\",",
  ])
  func `a stamp row without a valid date causes a warning and is not a record`(row: String) {
    let result = read(short + row + "\n20000003,好店\nx,店\n")
    #expect(result.sourceDate == nil)
    #expect(result.verdicts == ["0 UNREADABLE_STAMP", "2 INVALID_BAN 統一編號"])
    #expect(result.totals == ReferenceTotals(total: 2, processed: 1, failed: 1))
    #expect(result.findings[0].severity == "warning")
    #expect(result.findings.map(\.line) == [2, 4 + row.count { $0 == "\n" }])
    #expect(result.findings.map(\.byteOffset) == [29, 46 + row.utf8.count])
    #expect(result.raws[0] == row)
  }

  @Test func `a stamp row with invalid UTF-8 causes a warning`() {
    let result = read(short, [0x80, 0xFF], ",\n20000003,好店\n")
    #expect(result.verdicts == ["0 UNREADABLE_STAMP"])
    #expect(result.findings[0].raw == [0x80, 0xFF, 0x2C])
  }

  @Test(arguments: [
    ("12345675,", "1 MISSING_NAME 營業人名稱"), ("12345675", "1 FIELD_COUNT"), (",01-SEP-26", "1 INVALID_BAN 統一編號"),
    ("01-SEP-26,店", "1 INVALID_BAN 統一編號"), ("01-SEP-26,\"NA\"", "1 INVALID_BAN 統一編號"),
    ("01-SEP-26,,x", "1 FIELD_COUNT"), ("\"01-SEP-26\"x,", "1 MALFORMED_QUOTE"),
    ("01-SEP-26,\"", "1 MALFORMED_QUOTE"), ("01-SEP-26,\u{0}", "1 INVALID_ENCODING 營業人名稱"),
  ])
  func `the other fields of a stamp row must be missing`(row: String, category: String) {
    let result = read(short + row + "\n20000003,好店\n")
    #expect(result.sourceDate == nil)
    #expect(result.verdicts == [category])
  }

  @Test func `invalid UTF-8 is not a missing value`() {
    let result = read(short + "01-SEP-26,", [0x80], "\n20000003,好店\n")
    #expect(result.sourceDate == nil)
    #expect(result.verdicts == ["1 INVALID_ENCODING 營業人名稱"])
  }

  @Test func `only one row, right after the header, can be a stamp row`() {
    #expect(read(short + "\n01-SEP-26,\n20000003,好店\n").verdicts == ["2 INVALID_BAN 統一編號"])
    #expect(read(short + "20000003,好店\n01-SEP-26,\n").verdicts == ["2 INVALID_BAN 統一編號"])
    let twice = read(short + "01-SEP-26,\n02-SEP-26,\n20000003,好店\n")
    #expect(twice.sourceDate == "2026-09-01")
    #expect(twice.verdicts == ["1 INVALID_BAN 統一編號"])
  }

  @Test func `the stamp is in the first field, for any column`() {
    #expect(read("營業人名稱,統一編號\n01-SEP-26,\n好店,20000003\n").sourceDate == "2026-09-01")
  }

  @Test func `after a stamp row records count from 1, lines and bytes from the start of the file`() {
    let result = read(short + "\"\n01-SEP-26\",\nx,店\n20000003,好店\n")
    #expect(result.findings.map(\.record) == [1])
    #expect(result.findings.map(\.line) == [4])
    #expect(result.findings.map(\.byteOffset) == [43])
  }

  @Test func `a file without a stamp row has no source date`() {
    #expect(read(short + "20000003,好店\n").sourceDate == nil)
  }
}
