import ConsoleQueries
import SeededRandom
import Testing

@Suite("A record's text on a page")
struct FindingTextTests {
  @Test(
    "an invisible character is shown by a stand-in",
    arguments: [
      ("a\u{0}b", "a␀b"), ("\t\r", "␉␍"), ("甲\n乙", "甲␊\n乙"), ("\u{7F}", "␡"), ("\u{1B}[31m", "␛[31m"),
      ("\u{85}", "⟨U+0085⟩"), ("a\u{202E}b", "a⟨U+202E⟩b"), ("\u{2066}", "⟨U+2066⟩"), ("\u{200F}", "⟨U+200F⟩"),
      ("\u{061C}", "⟨U+061C⟩"), ("\u{200B}", "⟨U+200B⟩"), ("\u{FEFF}", "⟨U+FEFF⟩"), ("\u{2028}", "⟨U+2028⟩"),
      ("\u{A0}", "⟨U+00A0⟩"), ("\u{AD}", "⟨U+00AD⟩"), ("\u{E000}", "⟨U+E000⟩"), ("\u{E0041}", "⟨U+E0041⟩"),
      ("\u{FE0F}", "⟨U+FE0F⟩"), ("\u{115F}", "⟨U+115F⟩"), (" 臺北市　𠮷é", " 臺北市　𠮷é"), ("<&>\"'", "<&>\"'"),
    ])
  func standIns(_ source: String, _ shown: String) {
    #expect(EscapedText(Array(source.utf8)).text.unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  @Test("a stand-in character in the source is not marked as a stand-in")
  func ownStandIns() {
    let text = EscapedText(Array("␀\u{0}".utf8))
    #expect(text.parts == [.init("␀", isStandIn: false), .init("␀", isStandIn: true)])
  }

  @Test("text outside stand-ins is the source's text, in order and without bidirectional controls")
  func anyBytes() {
    var random = SeededRandom()
    let pieces: [[UInt8]] = [
      Array("統一".utf8), Array("\u{202E}\u{2067}".utf8), [0], [0xFF], [0xE5, 0xA4], [0xF0, 0x9F], Array("\r\n".utf8),
      Array("a,\"b".utf8), [0xC0, 0x80], [0xED, 0xA0, 0x80], Array("\u{E0100}".utf8),
    ]
    for _ in 0..<300 {
      let bytes = (0..<random.below(20)).flatMap { _ in pieces[random.below(pieces.count)] }
      let shown = EscapedText(bytes)
      let hidden: Set<UInt32> = [0x202E, 0x2067, 0xE0100, 0, 13, 0xFFFD]
      let expected = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { !hidden.contains($0.value) }
      let plain = shown.parts.filter { !$0.isStandIn }.map(\.text).joined()
      #expect(plain.unicodeScalars.elementsEqual(expected), "seed \(random.seed)")
      let marks = shown.parts.count(where: \.isStandIn)
      let all = String(decoding: bytes, as: UTF8.self).unicodeScalars
      #expect(marks == all.count { hidden.contains($0.value) || $0 == "\n" }, "seed \(random.seed)")
    }
  }

  @Test("a long record is cut between characters, and the omitted bytes are counted")
  func cut() {
    let bytes = Array(String(repeating: "統", count: 10).utf8)
    for most in 0...30 {
      let text = EscapedText(bytes, bytesMax: most)
      #expect(text.text == String(repeating: "統", count: most / 3))
      #expect(text.bytesLeftOut == 30 - most / 3 * 3)
    }
  }

  @Test("a hex dump begins near the first invalid byte and counts the omitted bytes")
  func hexDump() throws {
    var random = SeededRandom()
    for _ in 0..<200 {
      let good = Array(String(repeating: random.below(2) == 0 ? "a" : "統", count: random.below(300)).utf8)
      let bytes = good + [0xFF] + (0..<random.below(900)).map { _ in UInt8(random.below(256)) }
      let dump = try #require(HexDump(bytes))
      #expect(dump.firstInvalid == good.count, "seed \(random.seed)")
      let shown = dump.rows.flatMap { $0.hex.split(separator: " ").compactMap { UInt8($0, radix: 16) } }
      #expect(dump.rows.count <= 16, "seed \(random.seed)")
      #expect(shown == Array(bytes[dump.bytesBefore..<bytes.count - dump.bytesBehind]), "seed \(random.seed)")
      #expect((dump.bytesBefore..<dump.bytesBefore + shown.count).contains(good.count), "seed \(random.seed)")
      #expect(dump.rows.map { Int($0.offset, radix: 16) } == dump.rows.indices.map { dump.bytesBefore + $0 * 16 })
      #expect(dump.rows.allSatisfy { $0.ascii.utf8.allSatisfy { 0x20..<0x7F ~= $0 } })
    }
    #expect(HexDump(Array("統一\u{0}".utf8)) == nil)
    #expect(HexDump([]) == nil)
    #expect(HexDump([0xE5, 0xA4])?.firstInvalid == 0)
  }
}
