import ReferenceImplementation
import Testing

/// A record has one rejection, the first that applies.
struct RejectionTests {
  @Test(arguments: [
    ("12345675", "FIELD_COUNT"), ("12345675,店,", "FIELD_COUNT"), ("x,,x", "FIELD_COUNT"),
    (",店", "INVALID_BAN 統一編號"), ("NA,店", "INVALID_BAN 統一編號"), ("1234567,店", "INVALID_BAN 統一編號"),
    ("123456755,店", "INVALID_BAN 統一編號"), ("１２３４５６７５,店", "INVALID_BAN 統一編號"),
    ("1234567x,店", "INVALID_BAN 統一編號"), ("+1234567,店", "INVALID_BAN 統一編號"),
    ("1234 675,店", "INVALID_BAN 統一編號"), ("x,", "INVALID_BAN 統一編號"),
    ("12345675,", "MISSING_NAME 營業人名稱"), ("12345675,NA", "MISSING_NAME 營業人名稱"),
    ("12345675,\" \"", "MISSING_NAME 營業人名稱"), ("20000003,", "MISSING_NAME 營業人名稱"),
    ("20000003,店", "DUPLICATE 統一編號"), ("\" 20000003\", 店", "DUPLICATE 統一編號"),
    ("20000003,", "MISSING_NAME 營業人名稱"),
  ])
  func `an invalid record is rejected with the first code that applies`(row: String, category: String) {
    let result = read(short + "20000003,好店\n\(row)\n")
    #expect(result.verdicts == ["2 " + category])
    #expect(result.findings.map(\.severity) == ["error"])
    #expect(result.names == ["好店"])
  }

  @Test(arguments: [
    ("營業人名稱", 255), ("營業地址", 500), ("組織別名稱", 50), ("設立日期", 20), ("行業代號", 20), ("名稱", 255), ("行業代號1", 20),
    ("名稱1", 255), ("行業代號2", 20), ("名稱2", 255), ("行業代號3", 20), ("名稱3", 255),
  ])
  func `the length of a value is limited in scalars, after trimming`(column: String, limit: Int) {
    for scalar in ["x", "店", "𥂁", "\u{301}"] {
      let text = String(repeating: scalar, count: limit)
      #expect(tooLong(column, " \(text)\u{3000}") == nil)
      #expect(tooLong(column, "\(text)\(scalar)") == column)
    }
    #expect(tooLong(column, "\"" + String(repeating: "\"\"", count: limit) + "\"") == nil)
  }

  /// Returns the column that `VALUE_TOO_LONG` names.
  private func tooLong(_ column: String, _ value: String) -> String? {
    let isName = column == "營業人名稱"
    let header = isName ? "統一編號,營業人名稱" : "統一編號,營業人名稱,\(column)"
    let result = read("\(header)\n12345675,\(isName ? "" : "店,")\(value)\n")
    return result.findings.first { $0.code == "VALUE_TOO_LONG" }?.column
  }

  @Test(arguments: ["資本額", "總機構統一編號", "使用統一發票"])
  func `the other columns have no limit`(column: String) {
    let result = readValue(column, String(repeating: "1", count: 1_000))
    #expect(result.findings.map(\.severity) == ["warning"])
  }

  @Test func `the first too long value in published order is named`() {
    let (name, code) = (String(repeating: "x", count: 256), String(repeating: "1", count: 21))
    let result = read("名稱,行業代號,設立日期,營業人名稱,統一編號\n\(name),\(code),\(code),店,12345675\n")
    #expect(result.verdicts == ["1 VALUE_TOO_LONG 設立日期"])
  }

  @Test func `VALUE_TOO_LONG takes precedence over DUPLICATE`() {
    let name = String(repeating: "x", count: 256)
    #expect(read(short + "20000003,好店\n20000003,\(name)\n").verdicts == ["2 VALUE_TOO_LONG 營業人名稱"])
  }

  @Test func `the first accepted record of a BAN is kept`() {
    let result = read(short + "20000003,\n\"20000003\"x\n20000003,甲\n20000003,乙\n20000003,丙\n")
    #expect(result.names == ["甲"])
    #expect(
      result.verdicts == [
        "1 MISSING_NAME 營業人名稱", "2 MALFORMED_QUOTE", "4 DUPLICATE 統一編號", "5 DUPLICATE 統一編號",
      ])
    #expect(result.totals == ReferenceTotals(total: 5, processed: 1, failed: 2, duplicated: 2))
  }

  @Test func `a duplicate gives no warnings, no industries and no notes`() {
    let row = "20000004,店,x,1,,1,豆,,酒\n"
    let result = read("統一編號,營業人名稱,資本額,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2\n" + row + row)
    #expect(
      result.verdicts == [
        "1 BAN_CHECKSUM 統一編號", "1 INVALID_CAPITAL 資本額", "1 INVALID_INDUSTRY_CODE 行業代號", "2 DUPLICATE 統一編號",
      ])
    #expect(result.industries.count == 1)
    #expect(result.repeatedIndustryCodes == 1)
    #expect(result.industryNamesWithoutCode == 1)
  }
}
