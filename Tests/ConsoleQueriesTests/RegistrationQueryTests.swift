import ConsoleQueries
import SeededRandom
import Testing

@Suite("Search parameters")
struct RegistrationQueryTests {
  @Test(
    "an invalid parameter is named in the error, with the reason",
    arguments: [
      ("ban", "123456789", QueryProblem.Reason.banStart), ("ban", "12a", .banStart), ("ban", "１２三", .banStart),
      ("name", "甲", .tooShort), ("name", " 甲 ", .tooShort), ("name", "a\0b", .choice), ("address", "號", .tooShort),
      ("name", String(repeating: "甲", count: 256), .tooLong), ("type", String(repeating: "甲", count: 51), .tooLong),
      ("invoice", "Y", .choice), ("industry", "1234567", .industry), ("industry", "47x", .industry),
      ("industry", "咖", .tooShort), ("q", "甲", .tooShort), ("q", "ｶﾞ", .tooShort), ("name", "e\u{301}", .tooShort),
      ("q", "、", .tooShort),
      ("q", "a\0b", .choice),
      ("q", String(repeating: "甲", count: 201), .tooLong), ("q", "甲乙 乙 丙 丁 戊 己 庚 辛 壬", .tooLong),
      ("city", "臺北", .city),
      ("capital_min", "-1", .amount), ("capital_min", "1.5", .amount),
      ("capital_max", "9223372036854775808", .amount),
      ("head_office", "1234", .ban), ("sort", "BAN", .choice), ("order", "down", .choice),
    ])
  func problems(name: String, value: String, reason: QueryProblem.Reason) {
    #expect(throws: QueryProblem(name, reason)) { try RegistrationQuery([name: value]) }
  }

  @Test("numbers may have full-width digits, spaces and thousands separators")
  func numbers() throws {
    let query = try RegistrationQuery(["ban": "０１９７ 8168", "capital_min": "1,000,000", "capital_max": "２，０００，０００"])
    #expect(query.ban == "01978168")
    #expect(query.capitalMin == 1_000_000)
    #expect(query.capitalMax == 2_000_000)
  }

  @Test("the minimum of a range may not exceed its maximum")
  func range() throws {
    #expect(throws: QueryProblem("capital_max", .range)) {
      try RegistrationQuery(["capital_min": "2", "capital_max": "1"])
    }
    _ = try RegistrationQuery(["capital_min": "2", "capital_max": "2"])
  }

  @Test("a query's parameters give the same query again, and empty values are omitted")
  func parameters() throws {
    let values = [
      "q": "咖啡 台北市", "ban": "0123", "name": "a&b=c", "address": "５段", "type": "獨資", "invoice": "unknown",
      "industry": "47",
      "city": "台北市", "capital_min": "0", "capital_max": "9223372036854775807", "head_office": "01234567",
      "sort": "set_up",
      "order": "desc",
    ]
    let query = try RegistrationQuery(values)
    let made = query.parameters
    #expect(Dictionary(uniqueKeysWithValues: made.map { ($0.name, $0.value) }) == values)
    #expect(made.map(\.name) == RegistrationQuery.names)
    let spaced = try RegistrationQuery(values.mapValues { "\u{3000}\($0) \n" }.merging(["other": "x"]) { $1 })
    #expect(spaced == query)
    let empty = try RegistrationQuery(["ban": "", "name": " ", "order": "asc", "sort": "ban"])
    #expect(empty == RegistrationQuery())
    #expect(empty.parameters.isEmpty)
    for value in ["any", "none"] {
      let query = try RegistrationQuery(["head_office": value])
      #expect(query.parameters.map(\.value) == [value])
    }
  }

  @Test(
    "a date must exist in the calendar",
    arguments: [
      ("2024-02-29", true), ("2023-02-29", false), ("1900-02-29", false), ("2000-02-29", true), ("2026-04-31", false),
      ("2026-12-31", true), ("2026-13-01", false), ("2026-00-10", false), ("2026-01-00", false), ("0000-01-01", false),
      ("2026-1-1", false), ("2026-01-01 ", true), ("+026-01-01", false), ("2026-01-01-", false), ("infinity", false),
    ])
  func dates(text: String, isReal: Bool) {
    if isReal {
      #expect(throws: Never.self) { try ChangeFilter(["since": text]) }
    } else {
      #expect(throws: QueryProblem("since", .date)) { try ChangeFilter(["since": text]) }
    }
  }

  @Test("a BAN has eight ASCII digits, and its check digit is verified")
  func bans() throws {
    for text in ["", "1234567", "123456789", "1234567x", "１２３４５６７８", "1234567\u{301}8"] { #expect(BAN(text) == nil) }
    // Published BANs of large companies, and the agency's example with 7 as its seventh digit.
    for text in ["22099131", "04541302", "22555003", "10458575"] {
      let ban = try #require(BAN(text))
      #expect(ban.hasRightCheckDigit, "\(text)")
    }
    var random = SeededRandom()
    for _ in 0..<2000 {
      let digits = (0..<8).map { $0 == 6 && random.below(3) == 0 ? 7 : random.below(10) }
      let products = zip(digits, [1, 2, 1, 2, 1, 2, 4, 1]).map { String($0 * $1) }
      // All sums that the rule allows. If the seventh digit is 7, its product 28 counts as 1 or 0.
      let others = products.enumerated().filter { $0.offset != 6 }.map(\.element).joined()
      let sums = (digits[6] == 7 ? ["1", "0"] : [products[6]]).map { seventh in
        (others + seventh).reduce(0) { $0 + ($1.wholeNumberValue ?? 0) }
      }
      let ban = try #require(BAN(digits.map(String.init).joined()))
      #expect(ban.hasRightCheckDigit == sums.contains { $0 % 5 == 0 }, "seed \(random.seed) \(ban.text)")
    }
  }
}
