import FuzzTargets
import MalformedInputs
import Records
import SeededRandom
import Testing

/// Records that are exported to a sheet and read back unchanged have the same findings as before.
@Suite struct SheetRoundTripTests {
  @Test func hostileRecordsHaveTheSameFindings() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 500 { try check(Self.source(seed), "seed \(seed)") }
  }

  @Test func randomFilesHaveTheSameFindings() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 1000 { try check(randomDirtyFile(seed: seed, records: 12), "seed \(seed)") }
  }

  @Test(arguments: malformedFiles)
  func theCorpusHasTheSameFindings(_ file: MalformedFile) throws { try check(file.bytes, file.name) }

  private func check(_ bytes: [UInt8], _ name: String) throws {
    #expect(try SheetRoundTripTarget.difference(bytes) == nil, "\(name)")
  }

  /// Returns records that mostly cause a warning or a rejection, with values that a spreadsheet may misread.
  private static func source(_ seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
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
