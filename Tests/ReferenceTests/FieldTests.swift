import ReferenceImplementation
import Testing

/// Trimming, missing values and encoding.
struct FieldTests {
  @Test(arguments: [
    "\t", "\u{B}", "\u{C}", "\r", " ", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2001}", "\u{2002}", "\u{2003}",
    "\u{2004}", "\u{2005}", "\u{2006}", "\u{2007}", "\u{2008}", "\u{2009}", "\u{200A}", "\u{2028}", "\u{2029}",
    "\u{202F}", "\u{205F}", "\u{3000}",
  ])
  func `White_Space is trimmed at both ends and kept inside`(space: String) {
    let names = read(short + "\(space)12345675\(space),\(space)\(space)店\(space)鋪\(space)\n").names
    #expect(names.map { Array($0.utf8) } == [Array("店\(space)鋪".utf8)])
    #expect(read(short + "\"\(space)12345675\",\"\(space)店\(space)\n\"\n").names == ["店"])
    #expect(read(short + "12345675,\"\(space)\"\n").verdicts == ["1 MISSING_NAME 營業人名稱"])
  }

  @Test(arguments: [
    "\u{200B}", "\u{FEFF}", "\u{180E}", "\u{200C}", "\u{2060}", "\u{1C}", "\u{1F}", "\u{301}", "\u{3164}",
  ])
  func `other characters are not trimmed`(scalar: String) {
    let names = read(short + "12345675,\(scalar)店\(scalar)\n20000003,\(scalar)\n").names
    #expect(names.map { Array($0.utf8) } == [Array("\(scalar)店\(scalar)".utf8), Array(scalar.utf8)])
    #expect(read(short + "\(scalar)12345675,店\n").verdicts == ["1 INVALID_BAN 統一編號"])
  }

  @Test(arguments: ["", " ", "\"\"", "\"\u{3000}\n\"", "NULL", "null", "NA", "N/A", " NA\u{3000}"])
  func `an empty value or an unquoted marker is missing`(value: String) {
    #expect(readValue("營業地址", value).registrations.map { $0["business_address"] } == [nil])
  }

  @Test(arguments: [
    ("\"NULL\"", "NULL"), ("\"null\"", "null"), ("\"NA\"", "NA"), ("\" N/A \"", "N/A"), ("Null", "Null"), ("na", "na"),
    ("n/a", "n/a"), ("nil", "nil"), ("-", "-"), ("NA.", "NA."), ("ＮＡ", "ＮＡ"), (" \"NA\"", "\"NA\""), ("\\N", "\\N"),
  ])
  func `a quoted marker or another text is not missing`(value: String, stored: String) {
    #expect(readValue("營業地址", value).registrations.map { $0["business_address"] } == [stored])
  }

  @Test func `a missing value causes no warning in any column`() {
    let result = read(full + "NA,12345675,NULL,店,null,N/A,NA,NULL,NA,null,NULL,,,,null,\n")
    #expect(result.registrations == [ReferenceRegistration(["ban": "12345675", "business_name": "店"])])
    #expect(result.findings.isEmpty)
    #expect(result.industries.isEmpty)
    #expect(result.industryNamesWithoutCode == 0)
  }

  @Test(arguments: ["", ",", ",,,,", "NA", " ,\u{3000}", "\"\",\" \"", "NULL,null,NA,N/A", "\"\n\""])
  func `a record of any number of missing fields is blank`(row: String) {
    let result = read(short + "20000003,好店\n\(row)\n")
    #expect(result.totals == ReferenceTotals(total: 2, processed: 1, blank: 1))
    #expect(result.findings.isEmpty)
  }

  @Test func `a quoted marker is not blank`() {
    #expect(read(short + "20000003,好店\n\"NA\",\n").verdicts == ["2 INVALID_BAN 統一編號"])
  }

  @Test(
    arguments: [
      [0x80], [0xBF], [0x85], [0xA0], [0xC3], [0xE5, 0xBA], [0xF0, 0xA5, 0x82], [0xC0, 0x80], [0xC0, 0xA0],
      [0xC1, 0xBF],
      [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xA1, 0x80, 0xED, 0xB0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0x00],
    ] as [[UInt8]])
  func `invalid UTF-8 or NUL rejects a record`(bad: [UInt8]) {
    for (before, after) in [("12345675,", "\n"), ("12345675,店", ""), ("12345675,\"", "店\"\r\n"), (",", "\n")] {
      let result = read(short + "20000003,好店\n" + before, bad, after)
      #expect(result.verdicts == ["2 INVALID_ENCODING 營業人名稱"])
      #expect(result.findings[0].raw.contains(bad[0]))
    }
  }

  @Test func `the first invalid field is named if its column is known`() {
    let header = "x,統一編號,營業人名稱\n,20000003,好店\n"
    #expect(read(header + ",", [0xFF], ",\u{0}\n").verdicts == ["2 INVALID_ENCODING 統一編號"])
    #expect(read(header, [0xFF], ",\u{0},\n").verdicts == ["2 INVALID_ENCODING"])
    #expect(read(header + ",12345675,店,", [0xFF], "\n").verdicts == ["2 INVALID_ENCODING"])
  }

  @Test func `scalars of four bytes and noncharacters are valid text`() {
    #expect(read(short + "12345675,𥂁\u{FB56F}\u{FFFF}\u{10FFFF}\n").names == ["𥂁\u{FB56F}\u{FFFF}\u{10FFFF}"])
  }
}
