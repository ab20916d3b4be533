import FuzzTargets
import MalformedInputs
import Records
import ReferenceImplementation
import TestSupport
import Testing

/// The records of a sheet are validated by the same rules as those of a source.
@Suite struct CorrectionSheetTests {
  @Test(arguments: malformedFiles)
  func validatesTheCorpusLikeASource(_ file: MalformedFile) throws {
    #expect(try SheetTarget.difference(file.bytes) == nil, "\(file.name): \(file.why)")
  }

  @Test func validatesRandomFilesLikeASource() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 2000 {
      let found = try SheetTarget.difference(randomDirtyFile(seed: seed, records: 12))
      #expect(found == nil, "seed \(seed)")
      if found != nil { return }
    }
  }

  @Test func oneLeadingApostropheIsRemoved() throws {
    let sheet = try read("codes,營業人名稱,統一編號,營業地址\nx,'=1,04595257,''甲\nx,'NA,00000000,'N/A\n'x,\"'\"\"a\",10000009,NA\n")
    #expect(sheet.findings == [])
    #expect(try rows(sheet) == [["04595257", "=1", "'甲"], ["00000000", "NA", "N/A"], ["10000009", "\"a", nil]])
    let none = try read("統一編號,營業人名稱\n04595257,NA\n10000009,'\n")
    #expect(none.findings.map(\.code) == ["MISSING_NAME", "MISSING_NAME"])
    #expect(try rows(read("統一編號,營業人名稱\n04595257,\" 'x\"\n'10000009,x\n")).map { $0[1] } == ["'x", "x"])
  }

  @Test func spreadsheetFormattingIsReadAndStillValidated() throws {
    let sheet = try read(
      "\u{FEFF}營業人名稱,統一編號,raw\r\n\"兩\n行\",04595257,\r\n甲,4595257,\"a\r\nb\"\r\n\r\n01-SEP-26,,\r\n乙,04595257,\r\n丙,x\r\n"
    )
    #expect(try rows(sheet).map { $0[1] } == ["兩\n行"])
    #expect(
      sheet.findings.map { "\($0.line) \($0.row) \($0.code)" } == [
        "4 3 INVALID_BAN", "7 5 INVALID_BAN", "8 6 DUPLICATE", "9 7 FIELD_COUNT",
      ])
    #expect(sheet.tally.blank == 1 && sheet.tally.duplicates == 1 && sheet.tally.rejected == 3)
    #expect(sheet.findings[2].message == "this BAN was accepted earlier in the sheet")
    #expect(sheet.header.unknown == ["raw"])
  }

  /// U+FFFD stands for unreadable bytes that were not corrected.
  @Test func aReplacementCharacterIsRejectedOnlyInPublishedColumns() throws {
    let sheet = try read("統一編號,營業人名稱,raw\n04595257,甲\u{FFFD},x\n04595257,甲,\u{FFFD}\n")
    #expect(sheet.findings.map { "\($0.line) \($0.code) \($0.column ?? "")" } == ["2 INVALID_ENCODING 營業人名稱"])
    #expect(sheet.records.map(\.ban) == [4_595_257])
  }

  /// Removing the apostrophe doubles the quotes. A record that becomes too long by that is one rejected record.
  @Test func aRecordThatBecomesTooLongIsOneRecord() throws {
    let quotes = String(repeating: "\"", count: 40_000)
    let sheet = try read(
      "統一編號,營業人名稱,營業地址\n04595257,'\(quotes),\"x\n10000009,乙,\n\"\n20000003,丙,\n")
    #expect(sheet.tally.records == 2)
    #expect(sheet.records.map(\.ban) == [20_000_003])
    #expect(sheet.findings.map(\.line) == [2])
  }

  @Test func aSheetWithoutTheRequiredColumnsIsRefused() {
    #expect(throws: HeaderProblem.empty) { try CorrectionSheet.read([]) }
    #expect(throws: HeaderProblem.archive("zip")) { try CorrectionSheet.read(Array("PK\u{3}\u{4}x".utf8)) }
    #expect(throws: HeaderProblem.missingColumns(["統一編號"], names: ["codes", "營業人名稱"])) {
      try CorrectionSheet.read(Array("codes,營業人名稱\n".utf8))
    }
  }

  private func read(_ text: String) throws -> CorrectionSheet { try CorrectionSheet.read(Array(text.utf8)) }

  /// BAN, name and address of each accepted record.
  private func rows(_ sheet: CorrectionSheet) throws -> [[String?]] {
    sheet.records.flatMap { CopyTextReader.rows($0.registration) }.map { [$0[0], $0[2], $0[3]] }
  }
}
