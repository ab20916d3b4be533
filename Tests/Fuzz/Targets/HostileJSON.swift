import MalformedInputs
import SeededRandom

/// Corrupts a manifest's JSON at random: numbers, strings, lines, nesting or single bits.
func spoilJSON(_ json: inout [UInt8], _ random: inout SeededRandom) {
  for _ in 0...random.below(3) {
    switch random.below(12) {
    case 0...4: replaceToken(&json, with: random.pick(hostileNumbers), random: &random) { (48...57).contains($0) }
    case 5, 6: replaceString(&json, &random)
    case 7: changeLine(&json, &random)
    case 8: json.removeSubrange(random.below(json.count + 1)..<json.count)
    case 9:
      let depth = random.pick([2, 20, 600, 5_000])
      let bracket = random.pick(["[", "{\"a\":"].map { Array($0.utf8) })
      replaceToken(
        &json, with: (0..<depth).flatMap { _ in bracket }, random: &random
      ) { (48...57).contains($0) }
    case 10:
      for _ in 0...random.below(3) where !json.isEmpty {
        json[random.below(json.count)] ^= 1 << UInt8(random.below(8))
      }
    default: spoil(&json, from: 0, times: 1 + random.below(3), &random)
    }
  }
}

/// Replaces a run of matching bytes with `token`.
private func replaceToken(
  _ json: inout [UInt8], with token: [UInt8], random: inout SeededRandom, where isPart: (UInt8) -> Bool
) {
  guard !json.isEmpty else { return }
  let from = random.below(json.count)
  guard let start = json[from...].firstIndex(where: isPart) else { return }
  let end = json[start...].firstIndex { !isPart($0) } ?? json.count
  json.replaceSubrange(start..<end, with: token)
}

private func replaceString(_ json: inout [UInt8], _ random: inout SeededRandom) {
  let quotes = json.indices.filter { json[$0] == UInt8(ascii: "\"") }
  guard quotes.count > 1 else { return }
  let first = random.below(quotes.count - 1)
  json.replaceSubrange(quotes[first] + 1..<quotes[first + 1], with: random.pick(hostileStrings))
}

/// Duplicates or removes a line, so that a key is repeated or missing.
private func changeLine(_ json: inout [UInt8], _ random: inout SeededRandom) {
  let starts = [0] + json.indices.filter { json[$0] == 10 }.map { $0 + 1 }
  let start = random.pick(starts)
  let end = json[start...].firstIndex(of: 10).map { $0 + 1 } ?? json.count
  let line = json[start..<end]
  if random.onceIn(2) { json.removeSubrange(start..<end) } else { json.insert(contentsOf: line, at: start) }
}

private let hostileNumbers = [
  "0", "-0", "-1", "1", "2", "255", "999999", "1000000", "4294967296", "1099511627776", "1099511627777",
  "1152921504606846976", "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
  "18446744073709551616", "1e308", "1e309", "-1e400", "1e3", "1.0", "1.5", "0.1", "01", "1e-5", "null", "true", "\"1\"",
  "[]", "{}", "NaN", "",
].map { Array($0.utf8) }

private let hostileStrings =
  [
    "", "..", "../../x", "/etc/passwd", "000001.csv.zst", "000002.json", "../000001.csv.zst", "x\\u0000y", "\\u0000",
    "\\ud800", "\\u202e", "\u{202E}x", "\u{1B}[2J", "a/b", "2026-02-30", "00", "\\n", "format", "bytes", "sha256",
    "統一編號", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "\u{301}", "\u{E9}", "e\u{301}",
  ].map { Array($0.utf8) } + [[0xFF], [0xED, 0xA0, 0x80], [0], [UInt8](repeating: 0x61, count: 300)]
