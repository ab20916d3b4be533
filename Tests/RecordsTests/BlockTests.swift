import FuzzTargets
import MalformedInputs
import Records
import SeededRandom
import Support
import Testing

/// Code that processes 64 bytes at once, tested at every position in a block and across its end.
@Suite struct BlockTests {
  /// Replaces one byte at every position in CJK text with different offsets to the blocks.
  @Test(arguments: 0..<3)
  func oneWrongByteIsFoundAtAnyPosition(_ shift: Int) {
    let text = Array(repeating: UInt8(ascii: "x"), count: shift) + Array(String(repeating: "營業", count: 30).utf8)
    #expect(isText(text))
    let others: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE4, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF,
    ]
    for place in text.indices {
      for byte in others {
        var changed = text
        changed[place] = byte
        if isText(changed) != isTextByTheStandardLibrary(changed) {
          Issue.record("byte \(byte) at \(place), \(shift) before")
        }
      }
      let cut = Array(text[..<place])
      if isText(cut) != isTextByTheStandardLibrary(cut) { Issue.record("cut at \(place), \(shift) before") }
    }
  }

  @Test func randomTextIsValidatedLikeByTheStandardLibrary() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let characters = ["a", "0", ",", "é", "\u{7FF}", "\u{800}", "甲", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10FFFF}"]
      .map { Array($0.utf8) }
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      let isWide = random.onceIn(2)
      for _ in 0..<random.below(120) {
        bytes += isWide && !random.onceIn(40) ? Array("營".utf8) : characters[random.below(characters.count)]
      }
      if random.onceIn(2), !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      guard isText(bytes) == isTextByTheStandardLibrary(bytes) else {
        Issue.record("seed \(seed): \(bytes)")
        return
      }
    }
  }

  /// Delimiters at every position in a record's blocks, and fields that end where a block ends.
  @Test func fieldsOfAnyLengthMatchTheReference() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    func field() -> String {
      let length =
        [0, 1, 7, 8, 9, 15, 16, 17, 61, 62, 63, 64, 65, 126, 127, 128, 129][random.below(17)] + random.below(3)
      var text = String(repeating: "x", count: length)
      // A byte with a meaning in COPY or CSV, or a wide character, at any position in a word.
      if length > 0, random.onceIn(4) {
        let place = text.index(text.startIndex, offsetBy: random.below(length))
        text.replaceSubrange(place...place, with: ["\\", "\t", "\r", "\"", "甲", "\u{1F}"][random.below(6)])
      }
      guard random.onceIn(3) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + [",", "\n", ""][random.below(3)] + "\""
    }
    let header = Array((["統一編號", "營業人名稱"] + (2..<16).map { "c\($0)" }).joined(separator: ",").utf8)
    let known = Array(Column.allCases.map(\.name).joined(separator: ",").utf8)
    for _ in 0..<2000 {
      var source = random.onceIn(2) ? header : known
      for record in 0..<1 + random.below(6) {
        var fields = (0..<16).map { _ in field() }
        fields[source.starts(with: header) ? 0 : 1] = String(10_000_000 + record)
        source += Array(("\n" + fields.joined(separator: ",")).utf8)
      }
      if random.onceIn(2) { source.append(UInt8(ascii: "\n")) }
      guard try SourceTarget.difference(source) == nil else {
        Issue.record("seed \(seed): \(String(decoding: source, as: UTF8.self))")
        return
      }
    }
  }

  @Test func lineFeedsAreCountedInAndAfterBlocks() {
    for length in [0, 1, 63, 64, 65, 127, 128, 129, 300] {
      for step in 1...5 {
        let bytes = (0..<length).map { UInt8($0 % step == 0 ? 0x0A : 0x41) }
        #expect(bytes.withUnsafeBytes { LineFeeds.count($0) } == bytes.count { $0 == 0x0A })
      }
    }
  }

  private func isText(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { TextEncoding.isText($0) } }

  private func isTextByTheStandardLibrary(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
  }
}
