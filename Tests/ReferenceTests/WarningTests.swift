import ReferenceImplementation
import Testing

/// A record with warnings is accepted.
struct WarningTests {
  @Test(arguments: [
    ("12345675", true), ("12345676", true), ("12345670", true), ("12345671", true), ("12345678", false),
    ("12345672", false), ("00000000", true), ("00000005", true), ("00000006", false), ("00000070", true),
    ("00000074", true), ("00000073", false), ("00000014", false), ("00000011", true), ("20000008", true),
    ("09000001", true), ("09000002", false),
  ])
  func `a wrong check digit, modulo 5, causes a warning`(ban: String, isValid: Bool) {
    let result = read(short + "\(ban),店\n")
    #expect(result.registrations.map(\.ban) == [ban])
    #expect(result.verdicts == (isValid ? [] : ["1 BAN_CHECKSUM 統一編號"]))
  }

  @Test(
    arguments: [
      ("12345675", "12345675"), ("12345678", "12345678"), ("00000000", "00000000"), ("1234567", nil),
      ("123456755", nil),
      ("１２３４５６７５", nil), ("\"NA\"", nil), ("1234567x", nil),
    ] as [(String, String?)])
  func `an invalid head office causes a warning and is not stored`(value: String, stored: String?) {
    let result = readValue("總機構統一編號", value)
    #expect(result.registrations.map { $0["headquarters_ban"] } == [stored])
    #expect(result.verdicts == (stored == nil ? ["1 INVALID_HEADQUARTERS_BAN 總機構統一編號"] : []))
  }

  @Test(
    arguments: [
      ("0", 0), ("0400", 400), ("259323804580", 259_323_804_580), ("1000.0", 1000), ("1000.000", 1000),
      ("\"1,000\"", 1000), ("\"12,345,678\"", 12_345_678), ("\"123,456.00\"", 123_456), ("\"0,001\"", 1),
      ("9223372036854775807", .max), ("0009223372036854775807.0", .max), ("\"9,223,372,036,854,775,807\"", .max),
      ("9223372036854775808", nil), ("18446744073709551617", nil), ("\"9,223,372,036,854,775,808.0\"", nil),
      ("-1", nil), ("+1", nil), ("1.5", nil), ("1.", nil), (".0", nil), ("1.0.0", nil), ("1 000", nil), ("1e3", nil),
      ("１", nil), ("٣", nil), ("壹", nil), ("\"1,00\"", nil), ("\"1000,000\"", nil), ("\",000\"", nil), ("\"1,\"", nil),
      ("\"1,,000\"", nil), ("\"1,000,0\"", nil), ("\"1.000,000\"", nil), ("\"NA\"", nil), ("\"1，000\"", nil),
    ] as [(String, Int64?)])
  func `an invalid capital causes a warning and is not stored`(value: String, stored: Int64?) {
    let result = readValue("資本額", value)
    #expect(result.registrations.map { $0["capital_amount"] } == [stored.map(String.init)])
    #expect(result.verdicts == (stored == nil ? ["1 INVALID_CAPITAL 資本額"] : []))
  }

  @Test(
    arguments: [
      ("0400711", "1951-07-11"), ("0010101", "1912-01-01"), ("9991231", "2910-12-31"), ("1130229", "2024-02-29"),
      ("0890229", "2000-02-29"), ("1120229", nil), ("1130230", nil), ("1890229", nil), ("0001231", nil),
      ("0000000", nil),
      ("1131301", nil), ("1130001", nil), ("1130100", nil), ("1130132", nil), ("1130431", nil), ("400711", nil),
      ("20240229", nil), ("０４００７１１", nil), ("040071x", nil), ("-400711", nil), ("113/2/9", nil),
    ] as [(String, String?)])
  func `an invalid setup date causes a warning and is stored only as text`(value: String, date: String?) {
    let result = readValue("設立日期", " \(value) ")
    #expect(result.registrations.map { $0["business_setup_date"] } == [value])
    #expect(result.registrations.map { $0["setup_date"] } == [date])
    #expect(result.verdicts == (date == nil ? ["1 INVALID_DATE 設立日期"] : []))
  }

  @Test(
    arguments: [
      ("Y", true), ("y", true), ("N", false), ("n", false), (" \"Y\"", nil), ("\" Y \"", true), ("YES", nil),
      ("1", nil),
      ("是", nil), ("Ｙ", nil), ("\"NA\"", nil), ("Y\u{301}", nil),
    ] as [(String, Bool?)])
  func `an invalid invoice flag causes a warning and is not stored`(value: String, stored: Bool?) {
    let result = readValue("使用統一發票", value)
    #expect(result.registrations.map { $0["is_use_invoice"] } == [stored.map { $0 ? "t" : "f" }])
    #expect(result.verdicts == (stored == nil ? ["1 INVALID_INVOICE_FLAG 使用統一發票"] : []))
  }

  @Test func `warnings are in the order of the rules, and slots ascending`() {
    let result = read(full + "路,12345678,x,店,x,x,x,x,1,,2,,3,,4,\n")
    #expect(
      result.verdicts == [
        "1 BAN_CHECKSUM 統一編號", "1 INVALID_HEADQUARTERS_BAN 總機構統一編號", "1 INVALID_CAPITAL 資本額",
        "1 INVALID_DATE 設立日期", "1 INVALID_INVOICE_FLAG 使用統一發票", "1 INVALID_INDUSTRY_CODE 行業代號",
        "1 INVALID_INDUSTRY_CODE 行業代號1", "1 INVALID_INDUSTRY_CODE 行業代號2", "1 INVALID_INDUSTRY_CODE 行業代號3",
      ])
    #expect(Set(result.findings.map(\.severity)) == ["warning"])
    #expect(result.totals == ReferenceTotals(total: 1, processed: 1))
  }
}
