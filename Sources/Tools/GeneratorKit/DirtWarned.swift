/// Accepted records with warnings.
enum Warned {
  static let banChecksum: [Variant] = [
    wrongDigit("one more than a valid number", steps: 1),
    wrongDigit("one less than a valid number", steps: 9),
    wrongDigit("two more than a valid number", steps: 2),
  ]

  static let invalidHeadquartersBAN = [
    "1234567", "123456789", "ABCDEFGH", "１２３４５６７５", "1234 5675", "\"NULL\"", "無", "-2345675",
  ].map { warned(.invalidHeadquartersBAN, .headquartersBAN, $0) }

  static let invalidCapital = [
    "-5000", "1e6", "\"1,00\"", "12.50", "9223372036854775808", "１００００", "1 000", "\"1,0000\"", ".0", "100.", "NT100",
    "\"9,223,372,036,854,775,808\"", "99999999999999999999999999", "+100", "\"NA\"", "\",100\"", "\"1234,567\"", "0x10",
  ].map { warned(.invalidCapital, .capital, $0) }

  static let invalidDate = [
    "1130230", "0000101", "1120229", "1131301", "113010", "20240101", "113/1/1", "１１３０１０１", "1130431", "1130100",
    "1130001", "民國113年1月1日", "-110101", "01-SEP-26", "11111111111111111111", "1000229",
  ].map { warned(.invalidDate, .setupDate, $0) }

  static let invalidInvoiceFlag = ["X", "1", "YES", "是", "Ｙ", "YN", "true", "\"N A\"", "-"].map {
    warned(.invalidInvoiceFlag, .invoice, $0)
  }

  static let invalidIndustryCode: [Variant] = [
    industries("five digits", [("12345", "豆類製品零售")]),
    industries("seven digits", [("4729277", "豆類製品零售"), ("471913", "雜貨店")], rows: 2),
    industries("letters", [("ABC123", "豆類製品零售")]),
    industries("full-width digits", [("４７２９２７", "豆類製品零售")]),
    industries("bad codes in two slots", [("1", "甲"), ("471913", "雜貨店"), ("2", "乙")], rows: 3, findings: 2),
    industries("a bad code twice", [("A-1", "甲"), ("A-1", "甲")], repeated: 1),
    industries("a code of 20 characters without a name", [(String(repeating: "9", count: 20), "")]),
    industries("a bad code in the last slot", [("", ""), ("", ""), ("", ""), ("無", "其他")]),
  ]

  private static func wrongDigit(_ what: String, steps: UInt8) -> Variant {
    Variant(what) {
      $0.breakCheckDigit(steps: steps)
      $0.warnings = [.banChecksum]
    }
  }

  private static func warned(_ kind: DirtKind, _ column: SourceColumn, _ text: String) -> Variant {
    Variant("\(column) is '\(text)'") {
      $0[column] = text
      $0.warnings = [kind]
    }
  }

  private static func industries(
    _ what: String, _ slots: [Industry], rows: Int = 1, repeated: Int = 0, findings: Int = 1
  ) -> Variant {
    Variant(what) {
      $0.setIndustries(slots, rows: rows, repeated: repeated)
      $0.warnings = [DirtKind](repeating: .invalidIndustryCode, count: findings)
    }
  }
}
