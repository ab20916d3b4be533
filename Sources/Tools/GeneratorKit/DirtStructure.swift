/// Records that are rejected before their values are validated, and blank records.
enum Structure {
  static let malformedQuote: [Variant] = [
    Variant("text after a closing quote") { $0[.name] += "店" },
    Variant("a quote inside quotes that is not doubled") { $0[.name] = "\"大\"發\"商行\"" },
    Variant("a space after a closing quote") { $0[.address] += " " },
    Variant("an open quote that the name's quote closes") { $0[.address].removeLast() },
    Variant("an open quote at the start of the line", leavesQuoteOpen: true) {
      $0.unquoteAll()
      $0[.address] = "\"" + $0[.address]
    },
    Variant("an open quote in the last field", leavesQuoteOpen: true) { $0[.name4] = "\"其他" },
    Variant("a carriage return after a closing quote") { $0[.name] += "\r" },
    Variant("a quoted name of 70,000 bytes") { $0.quote(.name, String(repeating: "x", count: 70_000)) },
  ]

  static let recordTooLong: [Variant] = [
    Variant("an unquoted name of 66,000 bytes") { $0[.name] = String(repeating: "大", count: 22_000) },
    Variant("70,000 commas") { $0[.name4] = String(repeating: ",", count: 70_000) },
    Variant("an unquoted tail of 80,000 bytes") { $0[.name4] += String(repeating: "x", count: 80_000) },
    Variant("a line of 70,000 blanks") { $0.line = [UInt8](repeating: 0x20, count: 70_000) },
  ]

  static let blank: [Variant] = [
    Variant("an empty line") { $0.line = [] },
    Variant("15 commas") { $0.line = [UInt8](repeating: UInt8(ascii: ","), count: 15) },
    Variant("blanks alone") { $0.line = Array(" \u{3000}\t".utf8) },
    Variant("empty quotes") { $0.line = Array("\"\",\"\",\"\u{3000}\"".utf8) },
    Variant("markers of missing values") { $0.line = Array("NULL,null,NA,N/A, NULL ,,,,,,,,,,,".utf8) },
    Variant("20 commas") { $0.line = [UInt8](repeating: UInt8(ascii: ","), count: 20) },
  ]

  static let invalidEncoding: [Variant] = [
    encoding("a byte that UTF-8 does not use", [0xFF]),
    encoding("a NUL", [0x00]),
    encoding("a truncated sequence", [0xE5, 0x8D]),
    encoding("an overlong form", [0xC0, 0xAF]),
    encoding("a surrogate", [0xED, 0xA0, 0x80]),
    encoding("a code point over U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
    encoding("a lone continuation byte", [0x80]),
    encoding("Big5 text", [0xA4, 0x6A, 0xB5, 0x6F]),
    Variant("a NUL in the BAN") { $0[.ban] = "\0" + $0.value(.ban) },
    Variant("a bad byte and too few fields") { $0.line = Array("大發商行,".utf8) + [0xFE] },
    Variant("a bad byte in the last field, and no BAN") {
      $0[.ban] = ""
      $0.fields[SourceColumn.name4.rawValue] = [0xC3]
    },
  ]

  static let fieldCount: [Variant] = [
    Variant("15 fields") { $0.fields.removeLast() },
    Variant("17 fields") { $0.fields.append([]) },
    Variant("an unquoted comma in the address") { $0[.address] = $0.value(.address) + ",１樓" },
    Variant("one field") { $0.fields = [$0.fields[0]] },
    Variant("14 fields, without BAN and name") {
      $0[.ban] = ""
      $0[.name] = ""
      $0.fields.removeLast(2)
    },
    Variant("semicolons for commas") { $0.line = Array($0.fields.joined(separator: [UInt8(ascii: ";")])).unquoted },
  ]

  /// Inserts bytes after the name's first character.
  private static func encoding(_ what: String, _ bad: [UInt8]) -> Variant {
    Variant(what) { record in
      record.fields[SourceColumn.name.rawValue] = Array("\"大".utf8) + bad + Array("發商行\"".utf8)
    }
  }
}

extension [UInt8] {
  fileprivate var unquoted: [UInt8] { filter { $0 != UInt8(ascii: "\"") } }
}
