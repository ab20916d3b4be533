import FuzzTargets
import GeneratorKit
import MalformedInputs
import Records
import ReferenceImplementation
import TestSupport
import Testing

/// Compares the fast validator with the slow reference; the whole source is one chunk in memory.
@Suite struct ChunkValidatorTests {
  @Test(arguments: malformedFiles)
  func validatesTheCorpusLikeTheReference(_ file: MalformedFile) throws {
    #expect(try SourceTarget.difference(file.bytes) == nil, "\(file.name): \(file.why)")
  }

  @Test func validatesRandomFilesLikeTheReference() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 3000 {
      let found = try SourceTarget.difference(randomDirtyFile(seed: seed, records: 12))
      #expect(found == nil, "seed \(seed)")
      if found != nil { return }
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func validatesGeneratedDirtLikeTheReference(_ seed: UInt64) throws {
    var options = GeneratorOptions(rows: 400, seed: seed)
    options.dirt = DirtAmounts(ofEach: 3)
    let (bytes, expectation) = try Generator(options).generate()
    #expect(try SourceTarget.difference(bytes) == nil)
    // Compares with the generator's own expectation too.
    let observed = try #require(try ValidatedSource(bytes)?.observed())
    #expect(observed.totals.processed == expectation.processed)
    #expect(Dictionary(grouping: observed.findings, by: \.code).mapValues(\.count) == expectation.findings)
  }

  /// Before the header format characters are dropped, and no others.
  @Test func formatCharactersAreThoseThatSwiftKnows() throws {
    let scalars = (0...0x10FFFF).compactMap { Unicode.Scalar($0 as UInt32) }
    let format = scalars.filter { $0.properties.generalCategory == .format }
    #expect(format.count > 150)
    let beside = format.flatMap { [$0.value - 1, $0.value, $0.value + 1] }.compactMap { Unicode.Scalar($0) }
    for scalar in beside {
      let bytes = Array("\(scalar)\u{FEFF}統一編號,營業人名稱\n12345675,店\nx,店\n".utf8)
      #expect(try SourceTarget.difference(bytes) == nil, "U+\(String(scalar.value, radix: 16))")
    }
  }

  @Test func equalContentHasEqualHashesAndOtherContentDoesNot() throws {
    // As many columns as the rows below have values.
    let header = Column.allCases.prefix(16).map(\.name).joined(separator: ",")
    func hashes(_ row: String) throws -> [String: Int64] {
      try #require(try ValidatedSource(Array("\(header)\n\(row)\n".utf8))?.observed()).hashes
    }
    let row = "\"甲路1號\",04595257,,\"甲行\",1000,1040413,獨資,N,472927,豆類,471913,雜貨,,,,"
    let hash = try hashes(row)
    #expect(hash.count == 1)
    // The same business, written differently.
    #expect(try hashes(" 甲路1號 ,04595257,NA,甲行,\"1,000.0\",1040413,獨資,n,472927,豆類,471913,雜貨,,,,") == hash)
    for other in [
      row.replacing("甲路", with: "乙路"), row.replacing("1000", with: "1001"), row.replacing("豆類", with: "豆"),
      row.replacing("471913", with: "471914"), row.replacing(",雜貨,,", with: ",,,"), row.replacing(",N,", with: ",Y,"),
      row.replacing("472927,豆類,471913,雜貨", with: "471913,雜貨,472927,豆類"),
    ] {
      #expect(other != row)
      #expect(try hashes(other) != hash, "\(other)")
    }
  }
}

extension String {
  fileprivate func replacing(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return self[..<range.lowerBound] + new + self[range.upperBound...]
  }
}
