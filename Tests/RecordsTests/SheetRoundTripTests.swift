import NastyCorpus
import Observed
import Records
import Reference
import Testing

/// What is written into a sheet and read back as it is, is judged as before.
@Suite struct SheetRoundTripTests {
  @Test func hostileRecordsComeBackAsTheyWere() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 500 { try check(Self.source(seed), "seed \(seed)") }
  }

  @Test func randomFilesComeBackAsTheyWere() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 1000 { try check(randomDirtyFile(seed: seed, records: 12), "seed \(seed)") }
  }

  @Test(arguments: nastyFiles)
  func theCorpusComesBackAsItWas(_ file: NastyFile) throws { try check(file.bytes, file.name) }

  private func check(_ bytes: [UInt8], _ name: String) throws {
    guard let judged = try Judged(bytes) else { return }
    let observed = try judged.observed()
    // Whether a BAN repeats depends on records, and what bytes a column that is not published has, on values that are not
    // in the sheet.
    let kept = observed.findings.filter {
      $0.code != "DUPLICATE" && ($0.code != "INVALID_ENCODING" || $0.column != nil)
    }
    let records = Dictionary(grouping: kept, by: \.record)
    let numbers = records.keys.sorted()
    var scanner = RecordScanner()
    var file = SheetRow.head
    for number in numbers {
      let findings = records[number] ?? []
      var row = SheetRow(
        line: findings[0].line, record: number, raw: findings[0].raw, isTruncated: findings[0].truncated)
      row.codes = findings.map(\.code)
      row.columns = findings.map { $0.column ?? "" }
      row.messages = findings.map(\.code)
      file += row.csv(header: judged.header, scanner: &scanner)
    }
    let exported = try CorrectionSheet.read(file)
    #expect(exported.untouched == numbers.count && exported.tally.records == 0, "\(name)")
    let sheet = try CorrectionSheet.read(touched(file))
    try #require(sheet.tally.records == numbers.count, "\(name)")
    let before = Dictionary(
      uniqueKeysWithValues: judged.output.registrations.split(separator: 10).map {
        (UInt32(String(decoding: $0.prefix(8), as: UTF8.self)) ?? 0, Array($0) + [10])
      })
    // No other is accepted, and these as the very same rows.
    #expect(sheet.records.allSatisfy { before[$0.ban] == $0.registration }, "\(name)")
    #expect(sheet.records.allSatisfy { !$0.warnings.isEmpty }, "\(name)")
    let after = Dictionary(grouping: sheet.findings, by: \.row)
    for (index, number) in numbers.enumerated() {
      let (old, new) = (records[number] ?? [], after[index + 2] ?? [])
      switch old[0].code {
      case "MALFORMED_QUOTE", "RECORD_TOO_LONG", "FIELD_COUNT":
        // Its cells are empty.
        #expect(new.map(\.code) == ["INVALID_BAN"], "\(name), record \(number)")
      case "INVALID_ENCODING":
        // Its cells are empty where it has not as many fields as the header.
        #expect(["INVALID_ENCODING", "INVALID_BAN"].contains(new.first?.code), "\(name), record \(number)")
      default:
        // Values that are too long for a sheet are left out of it.
        if old[0].raw.count > 12_000 { continue }
        #expect(
          new.map { "\($0.code) \($0.column ?? "")" } == old.map { "\($0.code) \($0.column ?? "")" },
          "\(name), record \(number)")
      }
    }
  }

  /// Records that earn a warning or a rejection each, with values that a spreadsheet may misread.
  private static func source(_ seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    func pick(_ values: [String]) -> String { values[Int(random.next() % UInt64(values.count))] }
    var text = Column.allCases.map(\.name).joined(separator: ",") + "\n"
    for index in 0..<20 {
      let fields = Column.allCases.map { column in
        switch column {
        case .ban: random.next() % 6 == 0 ? pick(hostile) : "\(10_000_000 + index)"
        case .capital: random.next() % 2 == 0 ? pick(hostile) : "1000"
        default: pick(hostile)
        }
      }
      text += fields.joined(separator: ",") + pick(["\n", "\r\n"])
    }
    return Array(text.utf8)
  }

  private static let hostile = [
    "=HYPERLINK(x)", "\"=HYPERLINK(\"\"x\"\")\"", "'quoted", "\"'quoted\"", "''", "-1", "+1", "@x", "\"NA\"", "NA",
    "NULL",
    "\"NULL\"", "\" N/A \"", "null", "", "\"\"", "＝1", "\"－1\"", "\u{202E}evil", "x\"y", "\"x\"\"y\"", "\"\"\"\"",
    "\"兩\n行\"", "\"兩\r\n行\"", "a\rb", "\"a,b\"", " x ", "\" =1\"", "\u{3000}-1", "\"\t=1\"", "\u{FEFF}", "0123456",
    "1e6", "Y", "N",
  ]
}
