import LoadStage
import MalformedInputs
import ReferenceImplementation
import SeededRandom
import TestCluster
import TestSupport
import Testing

/// From the bytes of a source to the rows of a real PostgreSQL.
@Suite(.enabled(if: TestCluster.isAvailable, Comment(rawValue: TestCluster.unavailable ?? "")))
struct RoundTripTests {
  /// Every string of one or two bytes that is valid text, and characters of three and four bytes, arrive in the
  /// database byte for byte.
  @Test func everyShortStringArrivesAsItIs() throws {
    var strings: [[UInt8]] = []
    for first in UInt8(1)...0x7F {
      strings.append([first])
      for second in UInt8(1)...0x7F { strings.append([first, second]) }
    }
    for scalar in 0x80...0x7FF { strings.append(Array(String(Unicode.Scalar(scalar)!).utf8)) }
    for scalar in [
      "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}", "\u{10000}", "\u{25081}", "\u{FB56F}", "\u{10FFFF}",
    ] {
      strings += [Array(scalar.utf8), Array("\\\(scalar)\t\(scalar)".utf8)]
    }
    // Between two letters, so that nothing is trimmed; quoted, so that nothing ends the field.
    var source = Array("統一編號,營業人名稱,營業地址\n".utf8)
    for (index, string) in strings.enumerated() {
      let quoted = string.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
      source += Array("\(10_000_000 + index),\"x".utf8) + quoted + Array("x\",\"".utf8) + quoted + Array("y\"\n".utf8)
    }
    try Registry.with(source, chunkSize: 5000) { registry in
      let rows = try registry.execute(
        "SELECT ban, encode(convert_to(business_name, 'UTF8'), 'hex') FROM tax_registration ORDER BY ban")
      #expect(rows.count == strings.count)
      for (index, row) in rows.enumerated() {
        let expected = hex([0x78] + strings[index] + [0x78])
        if row != ["\(10_000_000 + index)", expected] { return #expect(row == ["\(10_000_000 + index)", expected]) }
      }
    }
  }

  /// Loads files of the corpus one after the other into one registry and compares the tables after each.
  @Test func theTablesMatchTheReference() throws {
    let acceptable = malformedFiles.filter { referenceRead($0.bytes).refusal == nil }
    try #require(acceptable.count > 100)
    try Registry.with(acceptable[0].bytes, chunkSize: 3) { registry in
      for file in Drawn.oneIn(3, of: acceptable) {
        try registry.load(file.bytes, chunkSize: 3)
        let difference = try registry.difference(from: referenceRead(file.bytes))
        #expect(difference == nil, "\(file.name): \(file.why)")
      }
    }
  }

  @Test func theTablesMatchTheReferenceAfterEachRandomDay() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    let days = (first..<first + 12).map { ($0, randomDirtyFile(seed: $0, records: 40)) }
      .filter { referenceRead($0.1).refusal == nil }
    try #require(!days.isEmpty, "seed \(first)")
    try Registry.with(days[0].1, chunkSize: 7) { registry in
      for (seed, bytes) in days {
        try registry.load(bytes, chunkSize: 7)
        #expect(try registry.difference(from: referenceRead(bytes)) == nil, "seed \(seed), first seed \(first)")
      }
    }
  }
}

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
