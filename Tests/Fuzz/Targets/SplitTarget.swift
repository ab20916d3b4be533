import CommandKit
import Digest
import FetchStage
import Glibc
import MalformedInputs
import Records
import ReferenceImplementation
import SeededRandom
import Spool
import Support
import TestSupport

/// Splits a source that arrives in pieces into chunks, validates each and compares the result with the slow reference.
public struct SplitTarget: FuzzTarget {
  public static let name = "cut"
  public static let share = 5

  private let scratch = ScratchFolder()
  private let log: EventLog

  public init() {
    setenv("LOG_LEVEL", "critical", 1)
    log = EventLog(stage: "fuzz", runID: "fuzz")
  }

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    [UInt8(random.below(256)), UInt8(random.below(256)), UInt8(random.below(256))] + randomSource(&random)
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    var chunkSize = 1 + choices.below(5)
    var pieceSizes = [1 + choices.below(200), 1 + choices.below(40)]
    let bytes = Array(choices.rest)
    if bytes.count > 10_000 {
      // Tens of thousands of chunks, or of pieces that are scanned repeatedly, would take half a minute.
      chunkSize *= 1000
      pieceSizes = pieceSizes.map { $0 * 97 }
    }
    let reference = referenceRead(bytes)
    guard let chunks = try cut(bytes, chunkSize, pieceSizes) else {
      return reference.refusal == nil && !SourceTarget.looksForeign(bytes) ? "refused, and the reference does not" : nil
    }
    if let refusal = reference.refusal, reference.columns.isEmpty { return "not refused: \(refusal)" }
    return try validate(bytes, chunks, reference)
  }

  /// - Returns: the chunks' manifests; nil if the header is refused.
  private func cut(_ bytes: [UInt8], _ chunkSize: Int, _ pieceSizes: [Int]) throws -> [FetchChunkManifest]? {
    let folder = SnapshotFolder(spool: scratch.path, id: .next(after: nil))
    defer { try? Folder.remove(folder.path) }
    let manifest = DownloadManifest(
      rulesVersion: rulesVersion, source: ManifestSamples.source,
      terms: FetchTerms(chunkSize: chunkSize, limit: nil, sample: false), startedAt: "x")
    var splitter = try ChunkSplitter(
      UnfinishedSnapshot(folder, manifest, log: log), after: FinishedChunks())
    let finished: FinishedChunks
    do {
      var start = 0
      var turn = 0
      while start < bytes.count {
        let end = min(bytes.count, start + pieceSizes[turn % 2])
        try bytes[start..<end].withUnsafeBytes { try splitter.append($0) }
        (start, turn) = (end, turn + 1)
      }
      finished = try splitter.finish()
    } catch let failure as Failure where failure.category == .data && !SpoolFile.isThere(folder.path) {
      return nil
    }
    let entries = finished.entries
    guard finished.sha256() == SHA256.of(bytes) else {
      throw Unlike(description: "the digest is not that of the source")
    }
    return try entries.indices.map { index in
      guard let chunk = try FetchChunkManifest.readWithDigest(at: folder.fetchChunkManifest(index + 1)),
        chunk.sha256 == entries[index].manifestSHA256
      else { throw Unlike(description: "chunk \(index + 1) has another manifest") }
      return chunk.manifest
    }
  }

  private func validate(
    _ bytes: [UInt8], _ chunks: [FetchChunkManifest], _ reference: ReferenceResult
  ) throws -> String? {
    var output = MemoryOutput()
    var tally = Tally()
    var taken = BANSet(capacity: 4)
    var end = 0
    guard let columns = chunks.first?.columns else { return "no chunk" }
    var validator = ChunkValidator(header: try Header(names: columns), bansExpected: 4)
    for chunk in chunks {
      guard chunk.byteOffset == end, reference.recordEnds.contains(end + chunk.csv.bytes) else {
        return "chunk \(chunk.chunk) ends inside a record"
      }
      let part = Array(bytes[end..<end + chunk.csv.bytes])
      guard SHA256.of(part) == chunk.csv.sha256, chunk.lines == part.count(where: { $0 == 10 }),
        chunk.sourceDate == reference.sourceDate
      else { return "chunk \(chunk.chunk) is not what its manifest says" }
      end += part.count
      let place = ChunkPlace(
        firstRecord: chunk.firstRecord, firstLine: chunk.firstLine, byteOffset: chunk.byteOffset,
        headerBytes: chunk.headerBytes, tooLongOffsets: Set(chunk.tooLongOffsets))
      let before = output.registrations.count
      let validated = part.withUnsafeBufferPointer { validator.validate($0, at: place, taken: taken, into: &output) }
      guard validated.records == chunk.csv.records else {
        return "chunk \(chunk.chunk) has \(validated.records) records"
      }
      tally += validated
      for row in output.registrations[before...].split(separator: 10) {
        _ = UInt32(String(decoding: row.prefix(8), as: UTF8.self)).map { taken.insert($0) }
      }
    }
    guard end == bytes.count else { return "the chunks end at \(end)" }
    return try ObservedOutput(output, tally).difference(from: reference)
  }
}

/// A violated invariant.
struct Unlike: Error { let description: String }
