import ConsoleQueries
import Postgres
import SeededRandom
import TestCluster
import Testing

@Suite("Search box", .needsRunDatabase)
struct TextSearchTests {
  private static let businesses = [
    Place("98913634", "星光咖啡館", "臺北市大安區龍安里５鄰信義路４段１５號"),
    Place("98913635", "咖啡", "新北市板橋區文化路一段５號"),
    Place("12345678", "咖啡香企業社", "臺北市中山區中山里中山北路二段十五號三樓"),
    Place("12340000", "晨光商行", "臺中市外埔區樂群里四維路１２巷３－１號", industries: ["562099": "其他飲酒店、咖啡館"]),
    Place("20000001", "ＡＢＣ台灣有限公司", "高雄市前鎮區復興三路１０５號"),
    Place("20000002", "第一商行", "臺北市大安區仁愛路１５號"),
    Place("20000003", "九八九一二手書店", "花蓮縣花蓮市中正路５７號"),
    Place("20000004", "無地址商號", nil),
    Place("50000000", "香香咖啡屋", "臺中市西區公益路８號"),
    Place("60000000", "東東工坊", "臺中市東　區鎮前里鎮東路一零一號", industries: ["561111": "餐館、小吃店", "471911": "其他零售"]),
  ]

  private static let cases = [
    // BANs, their beginnings, and how people write them.
    Case("98913634", "98913634"), Case("9891-3634", "98913634"), Case("統編98913634", "98913634"),
    Case("統一編號：98913634", "98913634"), Case("９８９１３６３４", "98913634"), Case("9891", "98913634 98913635"),
    // Exact name, beginning of the name, part of it; then industries.
    Case("咖啡", "98913635 12345678 50000000 98913634 12340000"), Case("咖啡 台北市", "12345678 98913634"),
    Case("咖啡 臺中市", "50000000 12340000"),
    Case("臺北市　咖啡", "12345678 98913634"), Case("abc臺灣", "20000001"), Case("ＡＢＣ", "20000001"),
    Case("562099", "12340000"), Case("咖啡館 臺中市", "12340000"), Case("商行 大安區", "20000002"),
    // Addresses, without village and neighbourhood, with other numerals, or without the district.
    Case("外埔區四維路", "12340000"), Case("外埔區樂群里四維路12巷", "12340000"), Case("大安區信義路四段15號", "98913634"),
    Case("台北市信義路4段十五號", "98913634"), Case("信義路4段", "98913634"), Case("信義路4段5號", ""),
    Case("中山北路2段15號3樓", "12345678"), Case("文化路1段", "98913635"), Case("復興3路105號", "20000001"),
    Case("臺中市東區", "60000000"), Case("台中市東　區", "60000000"), Case("臺中市鎮東路101號", "60000000"),
    Case("臺中市鎮東路一百零一號", "60000000"), Case("統編 98913634", "98913634"), Case("9891 3634", "98913634"),
    Case("零售 餐館", "60000000"), Case("餐館、小吃店", "60000000"), Case("6000 零售", "60000000"),
    Case("中正路五十七號", "20000003"), Case("中正路7號", ""), Case("花蓮縣中正路", "20000003"),
    // Nothing, and characters with a meaning in patterns.
    Case("沒有這個", ""), Case("1號", "12340000"), Case("57號", "20000003"), Case("(98913634).", "98913634"),
    Case("98913634\u{200B}", "98913634"),
    Case("(\u{301}ab", ""), Case("ab[\u{301}", ""), Case("縣|\u{301}", ""), Case("市縣", ""), Case("x{\u{301}2}", ""),
    Case("信義路.*", ""), Case("(咖啡", ""), Case("%咖啡", ""), Case("'; --", ""),
  ]

  @Test("a text finds the businesses that each of its words matches, the best first")
  func finds() throws {
    for isIndexed in [false, true] {
      try Self.with(isIndexed: isIndexed) { connection in
        for wanted in Self.cases {
          let page = try RegistrationSearch(RegistrationQuery(["q": wanted.typed])).page(on: &connection)
          #expect(page.rows.map(\.ban) == wanted.bans, "\(wanted.typed), indexes \(isIndexed)")
          #expect(page.total == wanted.bans.count && page.next == nil && page.previous == nil)
        }
      }
    }
  }

  @Test("other conditions narrow a search, and the file has the same businesses")
  func filters() throws {
    try Self.with(isIndexed: true) { connection in
      for (values, bans) in [
        (["q": "咖啡", "city": "臺北市"], "12345678 98913634"), (["q": "咖啡", "ban": "9891"], "98913635 98913634"),
        (["q": "咖啡", "industry": "飲酒店"], "12340000"), (["industry": "咖啡館"], "12340000"),
        (["industry": "562099 其他飲酒店、咖啡館"], "12340000"),
        (["q": "商行", "sort": "ban", "order": "desc"], "20000002 12340000"),
      ] {
        let query = try RegistrationQuery(values)
        let page = try RegistrationSearch(query).page(on: &connection)
        #expect(page.rows.map(\.ban) == Case("", bans).bans, "\(values)")
        var file: [UInt8] = []
        let rows = try RegistrationExport(query).write(on: &connection) { file += $0 }
        #expect(rows == page.rows.count)
        for row in page.rows { #expect(String(decoding: file, as: UTF8.self).contains(row.name)) }
      }
    }
  }

  @Test("words and industries of many businesses are found the same, and two industries in part, which the page says")
  func commonWords() throws {
    var limits = TextMatches.Limits()
    (limits.industryRows, limits.commonRows) = (0, 1)
    limits.samplePercent = 100
    try Self.with(isIndexed: true) { connection in
      for (share, wanted) in [0, 1].flatMap({ share in Self.cases.map { (share, $0) } }) {
        limits.frequentShare = Double(share)
        let query = try RegistrationQuery(["q": wanted.typed])
        let page = try RegistrationSearch(query, limits: limits).page(on: &connection)
        #expect(page.isCut || page.rows.map(\.ban) == wanted.bans, "\(wanted.typed)")
        #expect(Set(page.rows.map(\.ban)).isSubset(of: wanted.bans), "\(wanted.typed)")
        #expect(page.total == (page.isCut ? nil : wanted.bans.count))
        // A list in another order, and the file, have all of them.
        let sorted = try RegistrationQuery(["q": wanted.typed, "sort": "ban"])
        let all = try RegistrationSearch(sorted, limits: limits).page(on: &connection)
        #expect(all.rows.map(\.ban) == wanted.bans.sorted(), "\(wanted.typed)")
      }
      let two = try RegistrationSearch(RegistrationQuery(["q": "零售 餐館"]), limits: limits).page(on: &connection)
      #expect(two.isCut)
    }
  }

  @Test("pages lead through all matches, forward and back")
  func pages() throws {
    try Self.with(isIndexed: true) { connection in
      let query = try RegistrationQuery(["q": "商 號"].mapValues { _ in "商" + "行" })
      let first = try RegistrationSearch(query, size: 1).page(on: &connection)
      let second = try RegistrationSearch(query, place: first.next, size: 1).page(on: &connection)
      #expect(first.rows.map(\.ban) == ["12340000"] && second.rows.map(\.ban) == ["20000002"])
      #expect(second.next == nil && first.total == 2 && first.previous == nil)
      #expect(try RegistrationSearch(query, place: second.previous, size: 1).page(on: &connection).rows == first.rows)
      #expect(throws: QueryProblem("place", .place)) {
        try RegistrationSearch(RegistrationQuery(["q": "商行", "sort": "name"]), place: first.next)
      }
      let descending = try RegistrationSearch(RegistrationQuery(["q": "商行", "order": "desc"])).page(on: &connection)
      #expect(descending.rows.map(\.ban) == ["20000002", "12340000"])
    }
  }

  @Test("a number is found in Arabic and in Chinese numerals, whichever a user types")
  func numerals() throws {
    var random = SeededRandom()
    let seed = random.seed
    try RunHarness.with { _, connection in
      for number in [1, 9, 10, 11, 20, 21, 99, 100, 101, 110, 115, 120, 999]
        + (0..<20).map({ _ in 1 + random.below(999) })
      {
        for (stored, typed) in [(Self.chinese(number), "\(number)"), ("\(number)", Self.chinese(number))] {
          try connection.execute("DELETE FROM tax_registration")
          try Place("10000000", "商行", "臺北市大安區和平路\(stored)號").insert(&connection)
          let found = try RegistrationSearch(RegistrationQuery(["q": "和平路\(typed)號"])).page(on: &connection)
          #expect(found.rows.count == 1, "\(stored) \(typed), seed \(seed)")
        }
      }
    }
  }

  /// As people write numbers up to 999: 十五, 一百零五.
  private static func chinese(_ number: Int) -> String {
    let digits = Array("零一二三四五六七八九")
    let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10)
    var text = hundreds > 0 ? "\(digits[hundreds])百" : ""
    if tens > 0 {
      text += tens == 1 && hundreds == 0 ? "十" : "\(digits[tens])十"
    } else if hundreds > 0, ones > 0 {
      text += "零"
    }
    return ones > 0 ? text + String(digits[ones]) : text
  }

  @Test("the words are marked where they are found, whatever their width and case")
  func marks() throws {
    let text = try #require(try RegistrationQuery(["q": "abc 台灣"]).text)
    let parts = text.parts(of: "ＡＢＣ台灣臺灣公司")
    #expect(parts.map(\.text) == ["ＡＢＣ台灣臺灣", "公司"] && parts.map(\.isMatch) == [true, false])
  }

  private static func with(isIndexed: Bool, _ body: (inout Connection) throws -> Void) throws {
    try RunHarness.with { _, connection in
      for business in businesses { try business.insert(&connection) }
      if isIndexed { try SearchIndexes.build(on: &connection) }
      try body(&connection)
    }
  }
}

/// A text, and the BANs that it must find, in order.
struct Case: Sendable, CustomTestStringConvertible {
  let typed: String
  let bans: [String]

  init(_ typed: String, _ bans: String) {
    self.typed = typed
    self.bans = bans.split(separator: " ").map(String.init)
  }

  var testDescription: String { typed }
}

private struct Place {
  let ban: String
  let name: String
  let address: String?
  let industries: [String: String]

  init(_ ban: String, _ name: String, _ address: String?, industries: [String: String] = [:]) {
    self.ban = ban
    self.name = name
    self.address = address
    self.industries = industries
  }

  func insert(_ connection: inout Connection) throws {
    try connection.execute(
      "INSERT INTO tax_registration (ban, business_name, business_address, content_hash) VALUES ($1, $2, $3, 0)",
      [ban, name, address])
    for (number, (code, name)) in industries.enumerated() {
      try connection.execute(
        """
        INSERT INTO business_industry (business_id, "order", industry_code, industry_name) VALUES ($1, $2, $3, $4)
        """, [ban, "\(number + 1)", code, name])
    }
  }
}
