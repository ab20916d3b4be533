import MalformedInputs
import Records
import SeededRandom
import Testing

/// The apostrophe that escapes a value in a cell.
@Suite struct SheetCellTests {
  @Test(arguments: [
    "=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'", "''", "'x", "=HYPERLINK(\"x\")",
  ])
  func aPossibleFormulaGetsAnApostrophe(_ text: String) {
    for isQuoted in [false, true] { #expect(escape(text, isQuoted) == "'" + text) }
  }

  @Test(arguments: ["NULL", "null", "NA", "N/A"])
  func aQuotedMarkerForMissingGetsAnApostrophe(_ mark: String) {
    #expect(escape(mark, true) == "'" + mark)
    #expect(escape(mark, false) == mark)
  }

  @Test(arguments: ["", "x", "x'", "1-1", "Na", "NA ", "０", "＜", "\u{FF0C}x", "\u{202E}x", "\u{FEFF}=1", "!=1"])
  func otherTextStaysUnchanged(_ text: String) {
    for isQuoted in [false, true] { #expect(escape(text, isQuoted) == text) }
  }

  /// A value, and whether it is missing, are restored from its cell, and no two of them have the same cell.
  @Test func escapingIsABijection() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var meanings: [[UInt8]: Meaning] = [:]
    for _ in 0..<200_000 {
      let value = (0..<random.next() % 5).flatMap { _ in Self.pieces[Int(random.next() % UInt64(Self.pieces.count))] }
      let isQuoted = random.next() % 2 == 0
      let meaning = Meaning(value, isQuoted)
      let cell = SheetCell.escape(value, isQuoted: isQuoted)
      let (back, backQuoted) = SheetCell.unescape(cell)
      #expect(Meaning(back, backQuoted) == meaning, "seed \(seed): \(value)")
      #expect(SheetCell.escape(back, isQuoted: backQuoted) == cell, "seed \(seed): \(value)")
      #expect(meanings.updateValue(meaning, forKey: cell) ?? meaning == meaning, "seed \(seed): \(cell)")
      #expect(!cell.starts(with: Array("=".utf8)) && cell.count - value.count <= 1, "seed \(seed): \(cell)")
    }
  }

  private struct Meaning: Equatable {
    var value: [UInt8]
    var isMissing: Bool

    init(_ value: [UInt8], _ isQuoted: Bool) {
      self.value = value
      isMissing = value.isEmpty || !isQuoted && ["NULL", "null", "NA", "N/A"].contains { value == Array($0.utf8) }
    }
  }

  private static let pieces: [[UInt8]] =
    ["'", "'", "=", "+", "-", "@", "\t", "\r", "\n", "\"", ",", "N", "A", "/", "NA", "NULL", "null", "N/A", "＝", "店"]
    .map { Array($0.utf8) } + [[0xEF], [0xBC], [0x9D], [0xFF], [0]]

  private func escape(_ text: String, _ isQuoted: Bool) -> String {
    String(decoding: SheetCell.escape(Array(text.utf8), isQuoted: isQuoted), as: UTF8.self)
  }
}
