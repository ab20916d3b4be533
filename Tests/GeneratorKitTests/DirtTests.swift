import GeneratorKit
import Testing

@Suite("Dirt")
struct DirtTests {
  /// Enough of each kind to cover all its variants, and few of the variants that take 70,000 bytes.
  private static let everyWay = "60,MALFORMED_QUOTE=16,RECORD_TOO_LONG=4"

  @Test("dirt gives the expected result in every form of the file", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func expectation(seed: UInt64) throws {
    var options = GeneratorOptions(rows: 150 * Int(seed), seed: seed)
    options.dirt = try DirtAmounts(parsing: DirtTests.everyWay)
    options.usesCRLF = seed % 2 == 0
    options.hasBOM = seed % 3 == 0
    options.endsWithNewline = seed % 3 != 1
    options.hasStamp = seed != 5
    let (bytes, expectation) = try Generator(options).generate()
    let validator = PlainValidator(bytes)
    expectEqual(expectation, validator, bytes)
    #expect(expectation.processed > options.rows)
    #expect((validator.sourceStamp == nil) == (expectation.sourceDate == nil))
    for dirt in expectation.dirt {
      let found = validator.validated[dirt.record - 1]
      #expect(found.codes == dirt.codes.sorted(), "\(dirt.kind): \(dirt.what)")
      #expect(found.line == dirt.line)
      #expect(found.byteOffset == dirt.byteOffset)
    }
  }

  @Test("dirt of one kind gives only findings of that kind", arguments: DirtKind.allCases)
  func singleKinds(kind: DirtKind) throws {
    var options = GeneratorOptions(rows: 2, seed: 5)
    options.dirt[kind] = kind.waysCount * 2
    options.endsWithNewline = false
    let (bytes, expectation) = try Generator(options).generate()
    expectEqual(expectation, PlainValidator(bytes), bytes)
    if kind != .unusual { #expect(expectation.findings.keys.allSatisfy { $0 == kind.rawValue }) }
    #expect(expectation.records == 2 + kind.waysCount * 2)
    #expect(expectation.processed == (kind.isAccepted ? expectation.records : 2))
  }

  @Test("dirt leaves the regular records unchanged")
  func leavesRegularRecords() throws {
    var options = GeneratorOptions(rows: 300, seed: 9)
    let clean = PlainValidator(try Generator(options).generate().bytes)
    options.dirt = try DirtAmounts(parsing: "20,RECORD_TOO_LONG=1")
    let dirty = PlainValidator(try Generator(options).generate().bytes)
    for ban in clean.bans { #expect(clean.accepted[ban] == dirty.accepted[ban]) }
  }

  @Test("amounts are parsed from text, and invalid text is refused")
  func parsing() throws {
    #expect(try DirtAmounts(parsing: "3").total == 3 * DirtKind.allCases.count)
    let some = try DirtAmounts(parsing: "2,BLANK=0,INVALID_BAN=7")
    #expect(some[.blank] == 0 && some[.invalidBAN] == 7 && some[.duplicate] == 2)
    for text in ["", "x", "-1", "BLANK", "BLANK=", "BLANK=x", "=3", "BLANK=1=2", "NO_SUCH=1", "1,,2", "99999999"] {
      #expect(throws: InvalidOptions.self, "\(text)") { try DirtAmounts(parsing: text) }
    }
  }
}
