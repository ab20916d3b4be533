import TestCluster
import TestSupport
import Testing

/// `load changes`, and the changes in the summary.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct ChangesCommandTests {
  private static let bans = Days.validBANs
  /// A name with escape sequences, a bidirectional override and a tab.
  private static let hostile = "\"\u{1B}[31m紅\u{202E}字\t'; DROP TABLE x; --\""

  /// Loads four days: one business is removed and one added, one is renamed and one gets another amount, and the first
  /// one returns.
  private func fourDays(_ days: Days) throws {
    var records = Days.records(20)
    try days.fetch(records, day: 1)
    try days.succeed()
    records.removeFirst()
    records.append(Days.record(Self.bans[30], Self.hostile))
    try days.fetch(records, day: 2)
    try days.succeed()
    records[3] = Days.record(Self.bans[4], "新名")
    records[4] = Days.record(Self.bans[5], "第5商店", capital: "77")
    try days.fetch(records, day: 3)
    let ended = try days.succeed("--json")
    let changes = try JSON(ended.stdout)["database"]?["changes"]
    #expect(changes?["kinds"] == .object(["changed": .int(2)]), "\(ended)")
    #expect(changes?["columns"] == .object(["business_name": .int(1), "capital_amount": .int(1)]), "\(ended)")
    #expect(changes?["reasons"] == .object([:]), "\(ended)")
    records.insert(Days.record(Self.bans[0], "第0商店"), at: 0)
    try days.fetch(records, day: 4)
    let table = try days.succeed().stdout
    #expect(table.contains("\n  reappeared  ") && table.contains("1 inserted, 0 updated, 0 removed"), "\(table)")
  }

  @Test func theTextOutputListsTheNewestFirst() throws {
    try Days.with { days in
      try fourDays(days)
      let lines = try days.succeed("changes").stdout.split(separator: "\n").map(String.init)
      let heads = lines.filter { !$0.hasPrefix(" ") }
      #expect(
        heads.dropLast() == [
          "2026-09-04  reappeared  \(Self.bans[0])  第0商店", "2026-09-03  changed     \(Self.bans[4])  新名",
          "2026-09-03  changed     \(Self.bans[5])  第5商店", "2026-09-02  removed     \(Self.bans[0])  第0商店  (absent)",
          heads[4],
        ], "\(lines)")
      #expect(lines.contains("            business_name        第4商店 → 新名"))
      #expect(lines.contains("            capital_amount       1000 → 77"))
      #expect(heads.last == "1 added, 2 changed, 1 removed, 1 reappeared")
    }
  }

  @Test func hostileNamesAreShownSafely() throws {
    try Days.with { days in
      try fourDays(days)
      for arguments in [[], ["--kind", "added"], ["--ban", "\(Self.bans[30])"]] {
        let shown = try days.workshop.command("load", ["changes"] + arguments, days.variables).run()
        #expect(shown.code == 0 && shown.stdout.contains("DROP TABLE x"), "\(shown)")
        let unsafe = shown.stdout.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E || $0.value == 9 }
        #expect(!unsafe, "\(shown)")
      }
      // The JSON output has the name itself, on one line.
      let lines = try days.succeed("changes", "--json", "--kind", "added").stdout.split(separator: "\n")
      #expect(lines.count == 1)
      let change = try JSON(lines[0])
      #expect(change["after"]?["business_name"]?.string == "\u{1B}[31m紅\u{202E}字\t'; DROP TABLE x; --")
    }
  }

  @Test func eachJSONLineIsOneChange() throws {
    try Days.with { days in
      try fourDays(days)
      func changes(_ arguments: String...) throws -> [JSON] {
        let ended = try days.workshop.command("load", ["changes", "--json"] + arguments, days.variables).run()
        #expect(ended.code == 0 && ended.stderr.isEmpty, "\(ended)")
        return try ended.stdout.split(separator: "\n").map { try JSON($0) }
      }
      func kinds(_ changes: [JSON]) -> [String] { changes.map { $0["kind"]?.string ?? "" } }

      let all = try changes()
      #expect(kinds(all) == ["reappeared", "changed", "changed", "removed", "added"])
      let keys: Set = [
        "as_of_date", "action", "job_run_id", "source_date", "ban", "kind", "reason", "changed_columns", "before",
        "after",
      ]
      #expect(all.allSatisfy { $0.keys == keys })
      let changed = try #require(all.dropFirst().first)
      #expect(changed["changed_columns"] == .array([.string("business_name")]))
      #expect(changed["before"]?["business_name"]?.string == "第4商店")
      #expect(changed["after"]?["business_name"]?.string == "新名")
      #expect(
        changed["after"]?["industries"]
          == .array([
            .object(["order": .int(1), "industry_code": .string("471913"), "industry_name": .string("雜貨")])
          ]))
      #expect(changed["as_of_date"]?.string == "2026-09-03" && changed["action"]?.string == "load")

      #expect(try kinds(changes("--since", "2026-09-03")) == ["reappeared", "changed", "changed"])
      #expect(try kinds(changes("--since", "2026-09-05")) == [])
      #expect(try kinds(changes("--kind", "removed")) == ["removed"])
      #expect(try changes("--column", "capital_amount").map { $0["ban"]?.string } == ["\(Self.bans[5])"])
      #expect(try kinds(changes("--ban", "\(Self.bans[0])")) == ["reappeared", "removed"])
      #expect(try kinds(changes("--first", "2")) == ["reappeared", "changed"])
      #expect(try kinds(changes("--since", "2026-09-02", "--kind", "changed", "--first", "1")) == ["changed"])
      #expect(try days.succeed("changes", "--kind", "removed", "--ban", "\(Self.bans[7])").stdout == "no changes\n")
    }
  }

  @Test func otherActionsThanLoadAreMarked() throws {
    try Days.with { days in
      try fourDays(days)
      try days.succeed("rollback")
      let shown = try days.succeed("changes", "--first", "1").stdout
      #expect(shown.contains("removed     \(Self.bans[0])  第0商店  (absent)  [rollback]"), "\(shown)")
    }
  }

  @Test func wrongValuesAre64AndAnEmptyDatabase66() throws {
    try Days.with { days in
      for (arguments, text) in [
        (["--since", "2026-02-29"], "--since '2026-02-29'"), (["--since", "yesterday"], "--since 'yesterday'"),
        (["--since", "2026-9-1"], "--since '2026-9-1'"), (["--since", ""], "--since ''"),
        (["--since", "0000-01-01"], "--since '0000-01-01'"), (["--kind", "gone"], "--kind 'gone' is unknown"),
        (["--kind", "Added"], "--kind 'Added'"), (["--column", "ban"], "--column 'ban' is unknown"),
        (["--column", "x'; DROP TABLE publication; --"], "--column 'x'"), (["--ban", "2000000"], "--ban '2000000'"),
        (["--ban", "２００００００１"], "is not a BAN"), (["--first", "0"], "--first '0'"),
        (["--first", "many"], "--first 'many'"),
        (["--bogus"], "--bogus"), (["stray"], "stray"),
      ] {
        let ended = try days.workshop.command("load", ["changes"] + arguments, days.variables).run()
        expect(ended, from: "load", fails: 64, saying: text)
        #expect(ended.stdout.isEmpty)
      }
      expect(try days.load("changes"), from: "load", fails: 66, saying: "no snapshot was published here yet")
    }
  }
}
