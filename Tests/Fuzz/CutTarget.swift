import Digest
import Failures
import FetchStage
import NastyCorpus
import Observed
import Records
import Reference
import SeededRandom
import Spool
import Synchronization

/// A source whose bytes come in pieces, cut into chunks that are judged one by one, against the slow reference.
public struct CutTarget: FuzzTarget {
  public static let name = "cut"
  public static let share = 5

  private let store = ManifestStore()

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    [UInt8(random.below(256)), UInt8(random.below(256)), UInt8(random.below(256))] + randomSource(&random)
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    var chunkSize = 1 + choices.below(5)
    var pieceSizes = [1 + choices.below(200), 1 + choices.below(40)]
    let bytes = Array(choices.rest)
    if bytes.count > 10_000 {
      // Tens of thousands of chunks, or of pieces that are scanned again and again, take half a minute.
      chunkSize *= 1000
      pieceSizes = pieceSizes.map { $0 * 97 }
    }
    let reference = referenceRead(bytes)
    guard let chunks = try cut(bytes, chunkSize, pieceSizes) else {
      return reference.refusal == nil && !SourceTarget.looksForeign(bytes) ? "refused, and the reference does not" : nil
    }
    if let refusal = reference.refusal, reference.columns.isEmpty { return "not refused: \(refusal)" }
    return try judge(bytes, chunks, reference)
  }

  /// - Returns: the chunks' manifests; nil where the header is refused.
  private func cut(_ bytes: [UInt8], _ chunkSize: Int, _ pieceSizes: [Int]) throws -> [FetchChunkManifest]? {
    store.clear()
    var cutter = try ChunkCutter(
      terms: FetchTerms(chunkSize: chunkSize, limit: nil, sample: false), store: store, progress: CutProgress(),
      hash: SHA256())
    do {
      var start = 0
      var turn = 0
      while start < bytes.count {
        let end = min(bytes.count, start + pieceSizes[turn % 2])
        try bytes[start..<end].withUnsafeBytes { try cutter.push($0) }
        (start, turn) = (end, turn + 1)
      }
      let digest = try cutter.finish()
      guard digest == SHA256.of(bytes) else { throw Unlike(description: "digest of the whole") }
    } catch let failure as Failure where failure.verdict == .data && cutter.columns == nil {
      return nil
    }
    return store.manifests
  }

  private func judge(
    _ bytes: [UInt8], _ chunks: [FetchChunkManifest], _ reference: ReferenceResult
  ) throws -> String? {
    var output = MemoryOutput()
    var tally = Tally()
    var taken = BANSet(capacity: 4)
    var end = 0
    guard let columns = chunks.first?.columns else { return "no chunk" }
    var judge = ChunkJudge(header: try Header(names: columns), bansExpected: 4)
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
      let judged = part.withUnsafeBufferPointer { judge.judge($0, at: place, taken: taken, into: &output) }
      guard judged.records == chunk.csv.records else { return "chunk \(chunk.chunk) has \(judged.records) records" }
      tally += judged
      for row in output.registrations[before...].split(separator: 10) {
        _ = UInt32(String(decoding: row.prefix(8), as: UTF8.self)).map { taken.insert($0) }
      }
    }
    guard end == bytes.count else { return "the chunks end at \(end)" }
    return try Observed(output, tally).difference(from: reference)
  }
}

/// Two things that should be alike and are not.
struct Unlike: Error { let description: String }

/// Keeps the chunks' manifests; their files are dropped.
private final class ManifestStore: ChunkStore {
  private let kept = Mutex<[FetchChunkManifest]>([])
  private let folder = ScratchFolder()

  var manifests: [FetchChunkManifest] { kept.withLock { $0 } }

  func clear() { kept.withLock { $0 = [] } }
  func open() {}
  func path(ofChunk number: Int) -> String { folder.path + "/" + SnapshotFolder.csvName(number) }
  func prepare(_ manifest: FetchChunkManifest) -> Bool { false }
  func publish(_ manifest: FetchChunkManifest) -> String {
    kept.withLock { $0.append(manifest) }
    return "digest"
  }
}
