import GeneratorKit
import Testing

@Suite("A clean snapshot")
struct SnapshotTests {
  private let snapshot: (bytes: [UInt8], expectation: ExpectedResult)
  private let validator: PlainValidator

  init() throws {
    snapshot = try Generator(GeneratorOptions(rows: 2_000, seed: 7)).generate()
    validator = PlainValidator(snapshot.bytes)
  }

  @Test("has the same bytes for the same options, and different bytes for another seed")
  func deterministic() throws {
    let again = try Generator(GeneratorOptions(rows: 2_000, seed: 7)).generate()
    #expect(again.bytes == snapshot.bytes)
    #expect(again.expectation == snapshot.expectation)
    #expect(try Generator(GeneratorOptions(rows: 2_000, seed: 8)).generate().bytes != snapshot.bytes)
  }

  @Test("is sorted by address in the order of UTF-8 bytes")
  func sorted() {
    for (left, right) in zip(validator.addresses, validator.addresses.dropFirst()) {
      #expect(!right.utf8.lexicographicallyPrecedes(left.utf8))
    }
    #expect(validator.addresses.first?.hasPrefix("南投縣") == true)
    #expect(validator.addresses.last?.hasPrefix("高雄市") == true)
  }

  @Test("has unique valid BANs, some of them valid only by the newer rule")
  func bans() {
    #expect(Set(validator.bans).count == 2_000)
    #expect(validator.bans.allSatisfy { PlainValidator.passesCheck($0, modulus: 5) })
    let byFiveOnly = validator.bans.count { !PlainValidator.passesCheck($0, modulus: 10) }
    #expect((80...250).contains(byFiveOnly))
    #expect((80...220).contains(validator.bans.count { $0.hasPrefix("0") }))
  }

  @Test("contains the head office of every branch, and branches have a capital of 0")
  func branches() {
    let branches = validator.accepted.values.filter { $0[2] != nil }
    #expect(branches.count > 50)
    for branch in branches {
      #expect(validator.bans.contains(branch[2] ?? ""))
      #expect(branch[4] == "0")
    }
  }

  @Test("has the record lengths and rare characters of the real file")
  func shape() throws {
    let bytes = try Generator(GeneratorOptions(rows: 6_000, seed: 3)).generate().bytes
    let lines = bytes.split(separator: 10)
    #expect(lines.count == 6_002)
    #expect(Array(lines[1]) == Array("01-SEP-26,,,,,,,,,,,,,,,".utf8))
    #expect((180...195).contains(bytes.count / 6_000))
    #expect(lines.dropFirst(2).allSatisfy { $0.first == UInt8(ascii: "\"") })
    #expect(lines.allSatisfy { line in line.count { $0 == UInt8(ascii: ",") } == 15 })
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    #expect((280...440).contains(scalars.count { $0 == "\u{3000}" }))
    #expect(scalars.count { $0.value > 0xFFFF } > 5)
    #expect(scalars.contains("\u{FB56F}"))
  }

  @Test("matches its expectation", arguments: [1, 2, 20, 3_000])
  func expectation(rows: Int) throws {
    let (bytes, expectation) = try Generator(GeneratorOptions(rows: rows, seed: 11)).generate()
    expectEqual(expectation, PlainValidator(bytes), bytes)
    #expect(expectation.processed == rows)
    #expect(expectation.findings.isEmpty)
  }

  @Test("without rows has only the header and the stamp row")
  func empty() throws {
    let (bytes, expectation) = try Generator(GeneratorOptions(rows: 0)).generate()
    #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 2)
    #expect(expectation.records == 0)
    #expect(expectation.sourceDate == "2026-09-01")
  }

  @Test("is the same file if it is written in blocks")
  func blocks() throws {
    let generator = try Generator(GeneratorOptions(rows: 12_000, seed: 7))
    var blocks: [[UInt8]] = []
    let expectation = generator.write { (block: [UInt8]) in blocks.append(block) }
    #expect(blocks.count > 1)
    #expect(Array(blocks.joined()) == generator.generate().bytes)
    #expect(expectation.bytes == blocks.reduce(0) { $0 + $1.count })
  }

  @Test("stops if its sink throws")
  func throwingSink() throws {
    struct Full: Error {}
    let generator = try Generator(GeneratorOptions(rows: 10))
    #expect(throws: Full.self) { try generator.write { (_: [UInt8]) throws(Full) in throw Full() } }
  }
}

/// Compares the generator's expectation with the result of the plain validator.
func expectEqual(_ expectation: ExpectedResult, _ validator: PlainValidator, _ bytes: [UInt8]) {
  #expect(expectation.records == validator.validated.count)
  #expect(expectation.processed == validator.processed)
  #expect(expectation.failed == validator.failed)
  #expect(expectation.duplicated == validator.duplicated)
  #expect(expectation.blank == validator.blank)
  #expect(expectation.findings == validator.findings)
  #expect(expectation.industries == validator.industries)
  #expect(expectation.notes.repeatedIndustryCodes == validator.repeatedCodes)
  #expect(expectation.notes.industryNamesWithoutCode == validator.namesWithoutCode)
  #expect(expectation.bytes == bytes.count)
}
