/// Accepted records that are made to break a careless reader. None has a warning, except for one that has all six.
enum Unusual {
  /// Text and values alternate, so that a small number of records has some of both.
  static let all: [Variant] = {
    let pairs = zip(text, values).flatMap { [$0, $1] }
    return pairs + text.dropFirst(values.count) + values.dropFirst(text.count)
  }()

  /// Odd values and missing ones.
  private static let values: [Variant] = [
    Variant("markers of missing values everywhere they may stand") {
      $0[.address] = "NULL"
      $0[.headquartersBAN] = "NULL"
      $0[.capital] = "NA"
      $0[.setupDate] = "N/A"
      $0[.organisation] = "null"
      $0[.invoice] = " NULL "
      $0.setIndustries([("NULL", "NA"), ("NA", ""), ("null", "N/A")], rows: 0)
    },
    Variant("nothing but BAN and name") {
      for column in [SourceColumn.address, .capital, .setupDate, .organisation, .invoice] { $0[column] = "" }
      $0.setIndustries([], rows: 0)
    },
    .set(.capital, "9223372036854775807"),
    .set(.capital, "\"1,000,000\""),
    .set(.capital, "200000.00"),
    .set(.capital, "\"1,234,567.0\""),
    .set(.capital, "000000000000000000000005000"),
    .set(.invoice, "y"),
    .set(.invoice, "n"),
    .set(.setupDate, "1130229"),
    .set(.setupDate, "0010101"),
    Variant("a head office that is the business itself") { $0[.headquartersBAN] = $0.value(.ban) },
    Variant("an industry in the last slot only") {
      $0.setIndustries([("", ""), ("", ""), ("", ""), ("011111", "稻作栽培")], rows: 1)
    },
    Variant("a code in the first and the last slot, under two names") {
      $0.setIndustries([("472913", "菸酒零售"), ("471913", "雜貨店"), ("", ""), ("472913", "菸酒")], rows: 2, repeated: 1)
    },
    Variant("a code three times") {
      $0.setIndustries([("472913", "菸酒零售"), ("472913", "菸酒零售"), (" 472913 ", "")], rows: 1, repeated: 2)
    },
    Variant("an industry name without a code") {
      $0.setIndustries([("472913", "菸酒零售"), ("", "雜貨店"), ("", ""), ("NULL", "倉儲")], rows: 1, nameless: 2)
    },
    Variant("an industry code without a name") { $0.setIndustries([("472913", "")], rows: 1) },
    Variant("values of exactly the longest length") {
      $0.quote(.name, String(repeating: "𥂁", count: 255) + "\u{3000}")
      $0.quote(.address, " " + String(repeating: "路", count: 500))
      $0[.organisation] = String(repeating: "獨", count: 50)
      $0.setIndustries([("472913", String(repeating: "業", count: 255))], rows: 1)
    },
    Variant("every warning at once") {
      $0.breakCheckDigit(steps: 1)
      $0[.headquartersBAN] = "無"
      $0[.capital] = "無"
      $0[.setupDate] = "無"
      $0[.invoice] = "無"
      $0.setIndustries([("無", "")], rows: 1)
      $0.warnings = [
        .banChecksum, .invalidHeadquartersBAN, .invalidCapital, .invalidDate, .invalidInvoiceFlag, .invalidIndustryCode,
      ]
    },
    Variant("a record of 40,000 bytes, most of them blanks") {
      $0[.name4] += String(repeating: "\u{3000}", count: 13_300)
    },
  ]

  /// Odd text in names and addresses.
  private static let text: [Variant] = [
    name("doubled quotes", "大\"發\"商行"),
    name("commas", "大,發,商行"),
    name("a tab and backslashes", "大\t發\\商行\\"),
    name("NA in quotes, which is a name", "NA"),
    name("NULL in quotes, which is a name", "NULL"),
    name("COPY's NULL", "\\N"),
    name("COPY's end of data", "\\."),
    name("SQL", "'; DROP TABLE tax_registration; --"),
    name("a spreadsheet's formula", "=cmd|' /C calc'!A0"),
    name("U+3000 at both ends, which is trimmed", "\u{3000}\u{3000}大發　商行\u{3000}"),
    name("other white space at both ends", "\u{A0}\u{2028}\u{85}\t大發商行\u{205F}\u{1680}\r\n"),
    name("a zero-width space and a BOM at the ends, which stay", "\u{FEFF}大發商行\u{200B}"),
    name("characters beyond the first plane", "𥂁𥕢𡘙\u{FB56F}𠮷"),
    name("an emoji of several scalars and a combining accent", "👩‍👩‍👧‍👦 cafe\u{301}"),
    name("control characters and non-characters", "大\u{1}發\u{7F}商\u{FFFD}行\u{FFFF}"),
    name("a lone carriage return", "大發\r商行"),
    name("two line breaks", "大發\n商行\r\n總店"),
    name("a line that looks like a record", "大發\n\"南投縣\",12345675,,\"商行\",1,,,,,,,,,,,"),
    name("one character", "店"),
    name("a quote alone", "\""),
    name("JSON", "{\"ban\":\"12345675\"}"),
    name("a percent sign and braces", "100%s {0} $1 ${HOME}"),
    Variant("a line break in the address") { $0.quote(.address, "南投縣中寮鄉\n中寮村永平路３號") },
    Variant("every field in quotes") {
      for column in 0..<$0.fields.count where !$0.fields[column].starts(with: [UInt8(ascii: "\"")]) {
        $0.fields[column] = [UInt8(ascii: "\"")] + $0.fields[column] + [UInt8(ascii: "\"")]
      }
    },
    Variant("nothing in quotes") { $0.unquoteAll() },
    Variant("quotes inside unquoted fields") {
      $0[.address] = "永安路\"１２\"號"
      $0[.name] = " \"大發\"商行\""
    },
    Variant("blanks around every field") {
      for column in [
        SourceColumn.address, .ban, .headquartersBAN, .name, .capital, .setupDate, .organisation, .invoice,
      ] {
        $0[column] = " " + $0.value(column) + "\u{3000}\t"
      }
    },
  ]

  private static func name(_ what: String, _ value: String) -> Variant {
    Variant(what) { $0.quote(.name, value) }
  }
}
