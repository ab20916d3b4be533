import Records
import Spool
import TestCluster
import TestSupport
import Testing

/// `findings --export`, an edited sheet, `load replay`, `load withdraw`.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct ReplayCommandTests {
  private static let bans = Days.validBANs

  /// 50 valid records, then one without a name and one with an invalid capital.
  private static var source: [String] {
    Days.records(50) + [Days.record(bans[60], ""), Days.record(bans[61], "資本行", capital: "lots")]
  }

  /// Exports the sheet and edits it.
  private func export(_ days: Days, to name: String = "sheet.csv", _ edits: [(String, String)] = []) throws {
    try days.workshop.succeed("transform", "findings", "--export", name)
    let path = days.workshop.scratch.path + "/" + name
    var text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    for (from, to) in edits {
      try #require(text.contains(from), "\(text)")
      text = text.replacing(from, with: to)
    }
    _ = days.workshop.file(text, name)
  }

  private let named = (",\(bans[60]),,,1000,", ",\(bans[60]),,補正行,1000,")
  private let priced = (",資本行,lots,", ",資本行,5000,")

  /// A record without a finding is in no export. Its row has the published columns alone.
  @Test func aRecordWithoutAFindingIsCorrectedByASheetOfThePublishedColumns() throws {
    try Days.with { days in
      try days.fetch(Days.records(50), day: 1)
      try days.succeed()
      let header = Column.allCases.map(\.name).joined(separator: ",")
      _ = days.workshop.file("\(header)\r\n\(Days.record(Self.bans[7], "更名行"))\r\n", "own.csv")
      try days.succeed("replay", "own.csv")
      let name = "SELECT business_name FROM tax_registration WHERE ban = '\(Self.bans[7])'"
      #expect(try days.database.rows(name) == ["更名行"])
      // It stays while the source has the same record, and ends with the record's next change there.
      try days.fetch(Days.records(51), day: 2)
      try days.succeed()
      #expect(try days.database.rows(name) == ["更名行"])
      try days.fetch(Days.records(51).map { $0.replacing(",\(Self.bans[7]),,", with: ",\(Self.bans[7]),,新名") }, day: 3)
      try days.succeed()
      #expect(try days.database.rows("SELECT end_reason FROM registration_correction") == ["fixed"])
      #expect(try days.database.rows(name) != ["更名行"])
    }
  }

  /// A correction replaces the source's record as a whole. What is lost by that is reported.
  @Test func aCorrectionThatReplacesOrHidesOtherChangesIsReported() throws {
    try Days.with { days in
      try days.fetch(Self.source, day: 1)
      try days.succeed("--max-rejects", "100%")
      try export(days, [priced])
      let first = try days.succeed("replay", "sheet.csv")
      #expect(!first.stderr.contains("replace corrections"), "\(first)")
      // The sheet has the source's values.
      try export(days, to: "second.csv", [(",資本行,lots,", ",資本商行,lots,")])
      let second = try days.succeed("replay", "second.csv")
      #expect(second.stderr.contains("1 rows of the sheet replace corrections in force as a whole"), "\(second)")
      #expect(second.stderr.contains(" \(Self.bans[61]);"), "\(second)")

      try export(days, to: "third.csv", [priced])
      try days.succeed("replay", "third.csv")
      let same = Self.source.dropLast() + [Days.record(Self.bans[61], "資本行", capital: "lots")]
      try days.fetch(same + [Days.record(Self.bans[62], "新行")], day: 2)
      let quiet = try days.succeed("--max-rejects", "100%")
      #expect(!quiet.stderr.contains("the source has changed"), "\(quiet)")
      try days.fetch(Self.source.dropLast() + [Days.record(Self.bans[61], "更名行", capital: "lots")], day: 3)
      let hidden = try days.succeed("--max-rejects", "100%")
      #expect(
        hidden.stderr.contains("the source has changed 1 records whose corrections stay in force")
          && hidden.stderr.contains(" \(Self.bans[61]); to take the source's record"), "\(hidden)")
      #expect(
        try days.database.rows("SELECT business_name FROM tax_registration WHERE ban = '\(Self.bans[61])'") == ["資本行"])
    }
  }

  @Test func anExportedSheetIsCorrectedAndReplayed() throws {
    try Days.with { days in
      let snapshot = try days.fetch(Self.source, day: 1)
      try days.succeed("--max-rejects", "100%")
      #expect(try days.names().count == 51)
      try export(days, [named, priced])

      let ended = try days.succeed("replay", "sheet.csv", "--json")
      let document = try JSON(ended.stdout)
      #expect(document["status"]?.string == "success" && document["snapshot"]?.string == snapshot.id.description)
      #expect(document["totals"]?["processed"]?.int == 2 && document["totals"]?["total"]?.int == 2, "\(ended)")
      #expect(
        document["database"]?["changes"]?["kinds"] == .object(["added": .int(1), "changed": .int(1)]), "\(ended)")
      #expect(document["database"]?["changes"]?["columns"] == .object(["capital_amount": .int(1)]), "\(ended)")
      #expect(
        try days.database.rows(
          "SELECT ban, business_name, capital_amount FROM tax_registration WHERE ban >= '\(Self.bans[60])' ORDER BY 1")
          == ["\(Self.bans[60])|補正行|1000", "\(Self.bans[61])|資本行|5000"])
      #expect(
        try days.database.rows(
          "SELECT ban, fixed_codes, corrected_by <> '' FROM registration_correction ORDER BY ban")
          == ["\(Self.bans[60])|{}|t", "\(Self.bans[61])|{INVALID_CAPITAL}|t"])
      #expect(try days.database.rows("SELECT action, source_date FROM publication ORDER BY id").last == "replay|-")

      let again = try days.succeed("replay", "sheet.csv", "--json")
      #expect(try JSON(again.stdout)["status"]?.string == "unchanged", "\(again)")
      #expect(try days.actions() == ["load", "replay"])

      // Replaying a fresh, unedited export undoes nothing.
      try export(days, to: "fresh.csv")
      let untouched = try days.succeed("replay", "fresh.csv", "--json")
      #expect(try JSON(untouched.stdout)["status"]?.string == "unchanged", "\(untouched)")
      #expect(untouched.stderr.contains("2 rows of 'fresh.csv' were not edited"), "\(untouched)")

      // Later days: with the faults, then without them.
      try days.fetch(Self.source + [Days.record(Self.bans[62], "新行")], day: 2)
      try days.succeed("--max-rejects", "100%")
      #expect(try days.names().count == 53)
      let fixed =
        Days.records(50) + [Days.record(Self.bans[60], "他們的"), Days.record(Self.bans[61], "資本行", capital: "7")]
      try days.fetch(fixed, day: 3)
      try days.succeed()
      #expect(
        try days.database.rows(
          "SELECT business_name, capital_amount FROM tax_registration WHERE ban >= '\(Self.bans[60])' ORDER BY ban")
          == ["他們的|1000", "資本行|7"])
      #expect(
        try days.database.rows("SELECT DISTINCT end_reason FROM registration_correction") == ["fixed"])
    }
  }

  /// Between export and replay the source renamed one business and dropped the other: values that were not corrected
  /// must not return to those of the day of the export.
  @Test func rowsOfAnOlderSnapshotAreIgnored() throws {
    try Days.with { days in
      let third = Days.record(Self.bans[63], "無資本", capital: "none")
      try days.fetch(Self.source + [third], day: 1)
      try days.succeed("--max-rejects", "100%")
      try export(days, [named, priced, (",無資本,none,", ",無資本,8,")])
      let moved = Days.record(Self.bans[61], "搬家了", capital: "lots")
      try days.fetch(Days.records(50) + [moved, third], day: 2)
      try days.succeed("--max-rejects", "100%")
      let before = try content(days)

      let ended = try days.succeed("replay", "sheet.csv", "--json")
      #expect(
        ended.stderr.contains("2 corrected rows of the sheet (lines 2, 3) were exported from records"), "\(ended)")
      #expect(try days.database.rows("SELECT ban FROM registration_correction") == ["\(Self.bans[63])"])
      let after = try content(days)
      #expect(after.count == before.count && Set(after).subtracting(before).count == 1)

      try days.succeed("withdraw", "\(Self.bans[63])")
      try days.fetch(Days.records(50) + [moved], day: 3)
      try days.succeed("--max-rejects", "100%")
      expect(
        try days.load("replay", "sheet.csv"), from: "load", fails: 65,
        saying: "3 corrected rows of the sheet")
    }
  }

  /// A mistyped digit must not replace another business.
  @Test func aCorrectedRowCannotReplaceAnotherBusiness() throws {
    try Days.with { days in
      let (rejected, free, taken) = (Self.bans[60], Self.bans[70], Self.bans[7])
      try days.fetch(Self.source, day: 1)
      try days.succeed("--max-rejects", "100%")
      let before = try content(days)
      // The rejected record gets the BAN of an accepted business, the record with a warning an unused BAN.
      try export(days, [(",\(rejected),,,1000,", ",\(taken),,補正行,1000,"), (",\(Self.bans[61]),", ",\(free),"), priced])
      let refused = try days.load("replay", "sheet.csv")
      #expect(refused.code == 65, "\(refused)")
      #expect(refused.stderr.contains("(lines 2) have the BAN of another business of the source"), "\(refused)")
      #expect(refused.stderr.contains("(lines 3) change the BAN of a record that was accepted"), "\(refused)")
      let after = try content(days)
      #expect(after == before)
      // With an unused BAN, the row is a correction, which a later sheet can replace.
      for (file, name) in [("first.csv", "補正行"), ("second.csv", "補正商行")] {
        try export(days, to: file, [(",\(rejected),,,1000,", ",\(free),,\(name),1000,")])
        try days.succeed("replay", file)
        #expect(try days.database.rows("SELECT business_name FROM tax_registration WHERE ban = '\(free)'") == [name])
      }
    }
  }

  /// A spreadsheet writes twelve digits as 2.59304E+11, even in a row that was not edited.
  @Test func longNumbersAreProtectedFromSpreadsheets() throws {
    try Days.with { days in
      try days.fetch(Self.source + [Days.record(Self.bans[63], "", capital: "259303804580")], day: 1)
      try days.succeed("--max-rejects", "100%")
      try export(
        days, [priced, (",'259303804580,", ",2.59304E+11,"), (",\(Self.bans[63]),,,", ",\(Self.bans[63]),,大公司,")])
      let ended = try days.succeed("replay", "sheet.csv")
      #expect(ended.stderr.contains("資本額: INVALID_CAPITAL"), "\(ended)")
      #expect(ended.stderr.contains("(accepted with a warning)"), "\(ended)")
    }
  }

  /// Returns all values from the source for every business.
  private func content(_ days: Days) throws -> [String] {
    try days.database.rows(
      """
      SELECT ban, business_name, business_address, capital_amount, content_hash,
        (SELECT array_agg((industry_code, industry_name, "order") ORDER BY "order") FROM business_industry
          WHERE business_id = ban)
      FROM tax_registration ORDER BY ban
      """)
  }

  @Test func afterAWithdrawalTheRegistryIsTheSource() throws {
    try Days.with { days in
      try days.fetch(Self.source, day: 1)
      try days.succeed("--max-rejects", "100%")
      let before = try content(days)
      try export(days, [named, priced])
      try days.succeed("replay", "sheet.csv")
      let ended = try days.succeed("withdraw", "\(Self.bans[60])", "\(Self.bans[61])", "--json")
      #expect(
        try JSON(ended.stdout)["database"]?["changes"]?["reasons"] == .object(["rejected": .int(1)]), "\(ended)")
      #expect(try JSON(ended.stdout)["source_date"]?.string == "2026-09-01" && JSON(ended.stdout)["totals"]?.int == nil)
      #expect(try JSON(ended.stdout)["status"]?.string == "success")
      let after = try content(days)
      #expect(after == before)
      #expect(try days.actions() == ["load", "replay", "withdraw"])
      let again = try days.succeed("withdraw", "\(Self.bans[60])", "--json")
      #expect(try JSON(again.stdout)["status"]?.string == "unchanged", "a repeated withdrawal has nothing to do")
      expect(
        try days.load("withdraw", "\(Self.bans[59])"), from: "load", fails: 65,
        saying: "no correction in force for BAN \(Self.bans[59])")
      expect(try days.load("withdraw", "2000000"), from: "load", fails: 64, saying: "'2000000' is not a BAN")
      expect(try days.load("withdraw"), from: "load", fails: 64)
    }
  }

  /// The spreadsheet drops the zero if the apostrophe before it is removed.
  @Test func aNumberShortenedByASpreadsheetIsRejectedAndReported() throws {
    try Days.with { days in
      let source =
        Days.records(5) + [Days.record(Self.bans[61], "資本行", capital: "lots")] + [
          "臺北市,01234565,,零字行,lots,1040413,獨資,Y,471913,雜貨,,,,,,"
        ]
      try days.fetch(source, day: 1)
      try days.succeed()
      try export(days, [(",'01234565,,零字行,lots,", ",1234565,,零字行,1000,"), priced])
      let ended = try days.succeed("replay", "sheet.csv", "--json")
      #expect(try JSON(ended.stdout)["status"]?.string == "partial", "\(ended)")
      #expect(ended.stderr.contains("統一編號: INVALID_BAN"), "\(ended)")
      #expect(
        try days.database.rows(
          "SELECT ban, capital_amount FROM tax_registration WHERE ban IN ('01234565', '\(Self.bans[61])') ORDER BY 1")
          == ["01234565|-", "\(Self.bans[61])|5000"])
    }
  }

  @Test func correctionsCanBeAppliedToASample() throws {
    try Days.with { days in
      try days.workshop.succeed("fetch", "--sample")
      try days.workshop.succeed("transform")
      try days.succeed()
      let rows = try days.names()
      _ = days.workshop.file("\(Days.header)\n\(Days.record(Self.bans[0], "手加行"))\n", "sheet.csv")
      try days.succeed("replay", "sheet.csv")
      #expect(try Set(days.names()).subtracting(rows) == ["\(Self.bans[0])|手加行"])
      #expect(try days.database.rows("SELECT action, whole FROM publication ORDER BY id") == ["load|f", "replay|f"])
      try days.succeed("withdraw", "\(Self.bans[0])")
      #expect(try days.names() == rows)
    }
  }

  @Test func anInvalidSheetOrAMissingSnapshotChangesNothing() throws {
    try Days.with { days in
      _ = days.workshop.file("\(Days.header)\n\(Days.record(Self.bans[0], "x"))\n", "sheet.csv")
      expect(
        try days.load("replay", "sheet.csv"), from: "load", fails: 66, saying: "no snapshot was published here yet")
      expect(try days.load("withdraw", "\(Self.bans[0])"), from: "load", fails: 66)
      let snapshot = try days.fetch(Self.source, day: 1)
      try days.succeed("--max-rejects", "100%")
      let before = try days.names()
      _ = days.workshop.file("統一編號,營業人名稱\n\(Self.bans[0]),x\n", "short.csv")
      _ = days.workshop.file("\(Days.header)\n\(Days.record(Self.bans[0], ""))\n", "rejected.csv")
      _ = days.workshop.file([0x50, 0x4B, 3, 4], "book.xlsx")
      expect(try days.load("replay", "missing.csv"), from: "load", fails: 69, saying: "'missing.csv' does not exist")
      expect(try days.load("replay", "short.csv"), from: "load", fails: 65, saying: "lacks the columns")
      expect(try days.load("replay", "book.xlsx"), from: "load", fails: 65, saying: "is not a correction sheet")
      #expect(try days.load("replay", "rejected.csv").code == 65)
      expect(try days.load("replay"), from: "load", fails: 64)
      // The spool no longer has the published snapshot.
      try Folder.remove(snapshot.path)
      expect(
        try days.load("replay", "sheet.csv"), from: "load", fails: 66,
        saying: "the published snapshot \(snapshot.id) is not in")
      #expect(try days.names() == before)
      #expect(try days.actions() == ["load"])
      #expect(try days.workshop.markers == [])
    }
  }
}
