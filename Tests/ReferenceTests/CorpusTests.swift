import MalformedInputs
import ReferenceImplementation
import Testing

struct CorpusTests {
  @Test func `the corpus has many uniquely named files, and only those about the bound are large`() {
    #expect(malformedFiles.count >= 60)
    #expect(Set(malformedFiles.map(\.name)).count == malformedFiles.count)
    for file in malformedFiles where file.bytes.count > 4_000 { #expect(file.name.hasPrefix("bound-")) }
    #expect(malformedFiles.count { $0.bytes.count < 500 } > malformedFiles.count * 3 / 4)
  }

  @Test func `the corpus has every code`() {
    let found = Set(malformedFiles.flatMap { referenceRead($0.bytes).findings.map(\.code) })
    #expect(
      found == [
        "MALFORMED_QUOTE", "RECORD_TOO_LONG", "INVALID_ENCODING", "FIELD_COUNT", "INVALID_BAN", "MISSING_NAME",
        "VALUE_TOO_LONG", "DUPLICATE", "BAN_CHECKSUM", "INVALID_HEADQUARTERS_BAN", "INVALID_CAPITAL", "INVALID_DATE",
        "INVALID_INVOICE_FLAG", "INVALID_INDUSTRY_CODE", "UNREADABLE_STAMP",
      ])
  }

  @Test(arguments: malformedFiles)
  func `totals add up and the records cover the file`(file: MalformedFile) {
    expectConsistent(referenceRead(file.bytes), file.bytes)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `totals add up and the records cover a random dirty file`(seed: UInt64) {
    let bytes = randomDirtyFile(seed: seed, records: 8)
    expectConsistent(referenceRead(bytes), bytes)
  }

  private func expectConsistent(_ result: ReferenceResult, _ bytes: [UInt8]) {
    let totals = result.totals
    #expect(totals.total == totals.processed + totals.failed + totals.duplicated + totals.blank)
    #expect(totals.processed == result.registrations.count)
    #expect(totals.failed + totals.duplicated == result.findings.count { $0.severity == "error" })
    #expect(totals.duplicated == result.findings.count { $0.code == "DUPLICATE" })
    #expect(Set(result.registrations.map(\.ban)).count == totals.processed)
    #expect(result.recordEnds == result.recordEnds.sorted())
    var (line, counted) = (1, 0)
    for finding in result.findings {
      line += bytes[counted..<finding.byteOffset].count { $0 == 10 }
      counted = finding.byteOffset
      #expect(finding.line == line)
      #expect(bytes[counted...].starts(with: finding.raw))
    }
    if result.refusal == nil || totals.total > 0 {
      #expect(result.recordEnds.last == bytes.count)
      let hasStamp = result.sourceDate != nil || result.findings.first?.record == 0
      #expect(result.recordEnds.count == totals.total + (hasStamp ? 2 : 1))
    }
  }

  @Test func `a seed always gives the same dirty file`() {
    #expect(randomDirtyFile(seed: 7, records: 5) == randomDirtyFile(seed: 7, records: 5))
    #expect(randomDirtyFile(seed: 7, records: 5) != randomDirtyFile(seed: 8, records: 5))
    let fingerprint = randomDirtyFile(seed: 7, records: 20).reduce(into: UInt64(14_695_981_039_346_656_037)) {
      $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    #expect(fingerprint == 17_009_297_913_380_627_009)
  }

  @Test func `dirty files have nearly every code and are rarely refused`() {
    var codes: Set<String> = []
    var refused = 0
    for seed in 0..<300 as Range<UInt64> {
      let result = referenceRead(randomDirtyFile(seed: seed, records: 8))
      if result.refusal != nil { refused += 1 }
      codes.formUnion(result.findings.map(\.code))
    }
    #expect(refused < 60)
    // All but RECORD_TOO_LONG: records over 64 KiB are not generated.
    #expect(codes.count == 14)
  }
}
