import NastyCorpus
import Records
import Testing

/// What looks at 64 bytes at once: every place in a block, and every way across its end.
@Suite struct BlockTests {
  /// One byte is made another, wherever it stands in blocks of CJK that begin anywhere.
  @Test(arguments: 0..<3)
  func oneWrongByteIsSeenWhereverItStands(_ shift: Int) {
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

  @Test func randomTextIsJudgedLikeTheStandardLibraryDoes() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
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

  /// A record is the same record wherever in a block it begins.
  @Test func recordsAreTheSameWhereverTheyStand() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    let delimiters = Array(",\n\r\"".utf8)
    var scanner = RecordScanner()
    for _ in 0..<20_000 {
      let bytes = (0..<1 + random.below(300)).map { _ in
        random.onceIn(25) ? delimiters[random.below(4)] : UInt8(ascii: "x")
      }
      let isFinal = random.onceIn(2)
      var start = 0
      while start < bytes.count {
        let record = scan(bytes, from: start, isFinal, &scanner)
        let shift = 1 + random.below(63)
        let moved = scan(
          Array(repeating: UInt8(ascii: "\n"), count: shift) + bytes, from: start + shift, isFinal, &scanner)
        guard record.outcome == moved.outcome, record.end + shift == moved.end, record.next + shift == moved.next else {
          Issue.record("seed \(seed), from \(start), moved by \(shift): \(bytes)")
          return
        }
        if record.outcome == .needsMore { break }
        start = record.next
      }
    }
  }

  private func scan(
    _ bytes: [UInt8], from start: Int, _ isFinal: Bool, _ scanner: inout RecordScanner
  ) -> RecordScanner.Record {
    bytes.withUnsafeBufferPointer { scanner.scan($0, from: start, isFinal: isFinal) }
  }

  private func isText(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { Encoding.isText($0) } }

  private func isTextByTheStandardLibrary(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
  }
}
