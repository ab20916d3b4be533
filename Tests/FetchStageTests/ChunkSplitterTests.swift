import Digest
import FetchStage
import MalformedInputs
import Records
import ReferenceImplementation
import SeededRandom
import Spool
import TestSupport
import Testing

/// Splitting the source into chunks, independent of how its bytes arrive.
@Suite struct ChunkSplitterTests {
  /// Chunks of two records; the bytes arrive in two pieces, split at every offset of the small files.
  @Test(arguments: malformedFiles.filter { $0.bytes.count < 500 })
  func chunksEndAtRecordEndsForEveryInputSplit(_ file: MalformedFile) throws {
    let reference = referenceRead(file.bytes)
    let (whole, chunks) = try cutAndRead([file.bytes], chunkSize: 2)
    #expect((whole == nil) == (reference.refusal != nil && reference.columns.isEmpty), "\(file.why)")
    if whole != nil {
      #expect(chunks.map(\.csv.bytes).reduce(0, +) == file.bytes.count)
      #expect(chunks.map(\.csv.records).reduce(0, +) == reference.totals.total)
      for chunk in chunks {
        let end = chunk.byteOffset + chunk.csv.bytes
        #expect(
          reference.recordEnds.contains(end), "\(file.name): chunk \(chunk.chunk) ends at \(end), inside a record")
        #expect(chunk.lines == file.bytes[chunk.byteOffset..<end].count { $0 == 10 })
      }
    }
    for offset in Drawn.oneIn(4, of: 0...file.bytes.count) {
      let split = try cut([Array(file.bytes[..<offset]), Array(file.bytes[offset...])], chunkSize: 2)
      #expect(split == whole, "\(file.name) split at \(offset)")
    }
  }

  /// The large files, split near their bounds and into many small pieces.
  @Test(arguments: malformedFiles.filter { $0.bytes.count >= 500 })
  func largeRecordsAreSplitAlikeForEveryInputSplit(_ file: MalformedFile) throws {
    let whole = try cut([file.bytes], chunkSize: 1)
    let reference = referenceRead(file.bytes)
    let ends = reference.recordEnds.suffix(4)
    let offsets = Set(
      ends.flatMap { [$0 - 1, $0, $0 + 1] } + (65_530...65_545) + ends.flatMap { $0 + 65_530...$0 + 65_545 })
    for offset in Drawn.oneIn(4, of: offsets.sorted()) where offset >= 0 && offset <= file.bytes.count {
      let split = try cut([Array(file.bytes[..<offset]), Array(file.bytes[offset...])], chunkSize: 1)
      #expect(split == whole, "\(file.name) split at \(offset)")
    }
    let pieces = stride(from: 0, to: file.bytes.count, by: 977).map {
      Array(file.bytes[$0..<min($0 + 977, file.bytes.count)])
    }
    #expect(try cut(pieces, chunkSize: 1) == whole, "\(file.name) in pieces of 977")
  }

  @Test func aLimitKeepsExactlyTheFirstRecords() throws {
    for seed in UInt64(1)...50 {
      let bytes = randomDirtyFile(seed: seed, records: 12)
      let reference = referenceRead(bytes)
      guard !reference.columns.isEmpty, let header = reference.recordEnds.dropLast(reference.totals.total).last else {
        continue
      }
      for limit in 1...max(1, reference.totals.total) {
        let chunks = try cutAndRead([bytes], chunkSize: 5, limit: limit).manifests
        let end = reference.recordEnds[
          reference.recordEnds.firstIndex(of: header)! + min(limit, reference.totals.total)]
        #expect(chunks.map(\.csv.bytes).reduce(0, +) == end, "seed \(seed), limit \(limit)")
        #expect(chunks.map(\.csv.records).reduce(0, +) == min(limit, reference.totals.total))
      }
    }
  }

  @Test func aChunkIsAtMost32MiB() throws {
    var bytes = Array("統一編號,營業人名稱,備註\n".utf8)
    let row = Array("04595257,甲行,\"".utf8) + [UInt8](repeating: 0x61, count: 60_000) + Array("\"\n".utf8)
    for _ in 0..<600 { bytes += row }
    let chunks = try cutAndRead([bytes], chunkSize: 50_000).manifests
    #expect(chunks.count == 2)
    #expect(chunks[0].csv.bytes <= 32 << 20)
    #expect(chunks[0].csv.bytes + row.count > 32 << 20)
  }

  @Test func aLineOverTheBoundIsRefused() throws {
    let header = Array("統一編號,營業人名稱\n".utf8)
    let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(throws: (any Error).self) { try cut([header] + Array(repeating: piece, count: 17), chunkSize: 10) }
    #expect(try cut([header] + Array(repeating: piece, count: 16), chunkSize: 10) != nil)
    // A header without an end is refused at the first piece.
    var splitter = try ChunkSplitter(SplitSource(chunkSize: 10).snapshot, after: FinishedChunks())
    var taken = 0
    #expect(throws: (any Error).self) {
      while taken < 64 {
        try piece.withUnsafeBytes { try splitter.append($0) }
        taken += 1
      }
    }
    #expect(taken == 0)
  }

  @Test func moreThan100000StructureErrorsAreRefused() throws {
    let header = Array("統一編號,營業人名稱\n".utf8)
    let line = Array("a,\"b\"c\n".utf8)
    let most = (0..<100_000).flatMap { _ in line }
    let chunks = try cutAndRead([header + most], chunkSize: 50_000).manifests
    #expect(chunks.map(\.structureErrors).reduce(0, +) == 100_000)
    #expect(throws: (any Error).self) { try cut([header + most + line], chunkSize: 50_000) }
  }
}

/// - Returns: the chunks as `fetch.json` lists them; nil if the header is refused.
private func cut(_ pieces: [[UInt8]], chunkSize: Int) throws -> [ChunkEntry]? {
  try cut(pieces, into: SplitSource(chunkSize: chunkSize))
}

private func cutAndRead(
  _ pieces: [[UInt8]], chunkSize: Int, limit: Int? = nil
) throws -> (chunks: [ChunkEntry]?, manifests: [FetchChunkManifest]) {
  let source = SplitSource(chunkSize: chunkSize, limit: limit)
  let chunks = try cut(pieces, into: source, isWhole: limit == nil)
  let manifests = try source.manifests()
  #expect(chunks == nil || manifests.count == chunks?.count)
  return (chunks, manifests)
}

private func cut(_ pieces: [[UInt8]], into source: SplitSource, isWhole: Bool = true) throws -> [ChunkEntry]? {
  guard let (chunks, sha256) = try source.split(pieces) else { return nil }
  if isWhole { #expect(sha256 == SHA256.of(pieces.flatMap { $0 })) }
  return chunks
}
