/// Well-formed records that a rule about values rejects.
enum Rejected {
  static let invalidBAN: [Variant] = [
    Variant("seven digits") { $0[.ban] = String($0.value(.ban).dropLast()) },
    Variant("a letter") { $0[.ban] = "A" + $0.value(.ban).dropFirst() },
    Variant("nine digits") { $0[.ban] = "0" + $0.value(.ban) },
    Variant("no BAN") { $0[.ban] = "" },
    Variant("full-width digits") { $0[.ban] = "１２３４５６７５" },
    Variant("a blank inside") { $0[.ban] = "\($0.value(.ban).prefix(4)) \($0.value(.ban).suffix(4))" },
    Variant("a sign") { $0[.ban] = "+" + $0.value(.ban).dropFirst() },
    Variant("a zero-width space at the end, which is not trimmed") { $0[.ban] = $0.value(.ban) + "\u{200B}" },
    Variant("the marker NULL") { $0[.ban] = "NULL" },
    Variant("a spreadsheet's number") { $0[.ban] = "1.2346E+07" },
    Variant("a stamp row in the middle") { $0.line = Array("01-SEP-26,,,,,,,,,,,,,,,".utf8) },
    Variant("the header again") { $0.line = header },
    Variant("a bad BAN and no name") {
      $0[.ban] = "1234567"
      $0[.name] = ""
    },
  ]

  static let missingName: [Variant] = [
    .set(.name, ""),
    .set(.name, "\"\""),
    .set(.name, "NULL"),
    .set(.name, "\"\u{3000} \u{3000}\""),
    .set(.name, " N/A "),
    .set(.name, "NA"),
    .set(.name, "null"),
    Variant("no name and an address of 501 characters") {
      $0[.name] = ""
      $0[.address] = String(repeating: "路", count: 501)
    },
  ]

  static let valueTooLong: [Variant] = [
    Variant("a name of 256 characters") { $0.quote(.name, String(repeating: "大", count: 256)) },
    Variant("an address of 501 characters") { $0.quote(.address, String(repeating: "路", count: 501)) },
    Variant("a legal form of 51 characters") { $0[.organisation] = String(repeating: "獨", count: 51) },
    Variant("a date of 21 characters") { $0[.setupDate] = String(repeating: "1", count: 21) },
    Variant("an industry code of 21 characters") { $0[.code1] = String(repeating: "4", count: 21) },
    Variant("an industry name of 256 characters") { $0[.name1] = String(repeating: "業", count: 256) },
    Variant("a name of 256 characters of four bytes") { $0[.name] = String(repeating: "𥂁", count: 256) },
    Variant("a name of 128 letters with an accent each") { $0[.name] = String(repeating: "e\u{301}", count: 128) },
  ]

  /// Made of a record that was accepted earlier in the file.
  static let duplicate: [Variant] = [
    Variant("the same record") { _ in },
    Variant("another name") { $0.quote(.name, "重複商行") },
    Variant("values that would warn") {
      $0[.capital] = "-1"
      $0[.setupDate] = "9999999"
      $0[.invoice] = "X"
      $0[.headquartersBAN] = "1"
    },
    Variant("blanks around the BAN") { $0[.ban] = " \u{3000}" + $0.value(.ban) + " " },
    Variant("the BAN in quotes") { $0.quote(.ban, $0.value(.ban)) },
  ]
}
