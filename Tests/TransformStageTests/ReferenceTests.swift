import GeneratorKit
import MalformedInputs
import ReferenceImplementation
import SeededRandom
import Support
import TestSupport
import Testing

/// Compares fetch and transform with the slow reference: results do not depend on chunk size or jobs.
@Suite struct ReferenceTests {
  static let chunkSizes = [1, 2, 7, 1000, 50_000]

  @Test(arguments: malformedFiles)
  func malformedFilesMatchTheReference(_ file: MalformedFile) throws {
    try check(file.bytes, file.name)
  }

  @Test func randomFilesMatchTheReference() throws {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    for seed in first..<first + 60 { try check(randomDirtyFile(seed: seed, records: 15), "seed \(seed)") }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func generatedDirtMatchesTheReference(_ seed: UInt64) throws {
    var options = GeneratorOptions(rows: 300, seed: seed)
    options.dirt = DirtAmounts(ofEach: 4)
    try check(try Generator(options).generate().bytes, "generated, seed \(seed)")
  }

  private func check(_ bytes: [UInt8], _ name: String) throws {
    let reference = referenceRead(bytes)
    var hashes: [String: Int64]?
    for chunkSize in Drawn.oneIn(2, of: Self.chunkSizes) {
      for jobs in [1, 4] where jobs == 1 || chunkSize < reference.totals.total {
        let pipeline = Pipeline()
        let place = "\(name), chunk size \(chunkSize), \(jobs) jobs"
        do {
          let folder = try pipeline.fetch(bytes, chunkSize: chunkSize)
          let manifest = try #require(try pipeline.transform(folder, jobs: jobs).manifest)
          #expect(!reference.columns.isEmpty, "\(place): not refused")
          let observed = try ObservedOutput(folder, manifest)
          #expect(observed.difference(from: reference) == nil, "\(place)")
          #expect(manifest.notes.repeatedIndustryCodes == reference.repeatedIndustryCodes, "\(place)")
          #expect(manifest.notes.industryNamesWithoutCode == reference.industryNamesWithoutCode, "\(place)")
          #expect(manifest.notes.missingColumns == reference.missingColumns, "\(place)")
          #expect(manifest.notes.unknownColumns == reference.unknownColumns, "\(place)")
          #expect(manifest.sourceDate == reference.sourceDate, "\(place)")
          #expect(
            manifest.findingCounts == Dictionary(grouping: reference.findings, by: \.code).mapValues(\.count),
            "\(place)")
          #expect(hashes == nil || hashes == observed.hashes, "\(place)")
          hashes = observed.hashes
        } catch let failure as Failure {
          #expect(failure.category == .data && reference.columns.isEmpty, "\(place): \(failure.message)")
        }
      }
    }
  }
}
