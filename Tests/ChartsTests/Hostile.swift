import SeededRandom

extension SeededRandom {
  mutating func text() -> String {
    let pieces = [
      "<script>alert(1)</script>", "]]>", "<![CDATA[", "&", "&amp;", "\"", "'", "' onload='x", "--><svg>", "</title>",
      "\u{0}", "\u{1B}[31m", "\u{FFFE}", "\u{FFFF}", "\u{FFFD}", "\r\n", "\r", "\t", " ", "e\u{301}", "\u{202E}",
      "臺北市", "有限公司", "𠮷野家", "👩‍👩‍👧", "a", "2026-01-31", "MMWW", String(repeating: "長", count: 60),
      "\u{1}\u{8}\u{B}\u{1F}\u{7F}\u{85}",
    ]
    return (0..<Int.random(in: 0...4, using: &self)).map { _ in pick(pieces) }.joined()
  }

  mutating func value() -> Double {
    switch Int.random(in: 0..<8, using: &self) {
    case 0: pick([0, -0.0, -3, .nan, .infinity, -.infinity])
    case 1:
      pick(
        [.leastNonzeroMagnitude, 1e-12, 1e15, 1e300, .greatestFiniteMagnitude, 9_007_199_254_740_991, 1e-7])
    case 2, 3: Double.random(in: 0...1, using: &self)
    default: usual()
    }
  }

  /// A usual count or duration.
  mutating func usual() -> Double {
    Bool.random(using: &self)
      ? Double(Int.random(in: 0...2_000_000, using: &self)) : Double.random(in: 0...5000, using: &self)
  }
}
