import Digest
import FetchStage
import Observed
import Spool
import Synchronization
import Testing

/// Chunks that are compressed side by side, where one of them cannot be written.
@Suite struct PressTests {
  enum Step: CaseIterable { case path, prepare, publish }

  struct DiskFull: Error {}

  /// Fails at one step of one chunk.
  private final class FailingStore: ChunkStore {
    let step: Step
    let published = Mutex<[Int]>([])
    private let folder = ScratchFolder()

    init(_ step: Step) { self.step = step }

    func open() {}
    func path(ofChunk number: Int) -> String {
      step == .path && number == 3 ? "/proc/none/chunk" : folder.path + "/" + SnapshotFolder.csvName(number)
    }
    func prepare(_ manifest: FetchChunkManifest) throws -> Bool {
      if step == .prepare, manifest.chunk == 3 { throw DiskFull() }
      return true
    }
    func publish(_ manifest: FetchChunkManifest) throws -> String {
      if step == .publish, manifest.chunk == 3 { throw DiskFull() }
      published.withLock { $0.append(manifest.chunk) }
      return "digest"
    }
  }

  @Test(arguments: Step.allCases)
  func nothingBehindAChunkThatFailedAppears(_ step: Step) throws {
    let store = FailingStore(step)
    var cutter = try ChunkCutter(
      terms: FetchTerms(chunkSize: 1, limit: nil, sample: false), store: store, progress: CutProgress(), hash: SHA256())
    let source = "統一編號,營業人名稱\n" + (0..<40).map { "\(10_000_000 + $0),甲行\n" }.joined()
    var failed = false
    do {
      try Array(source.utf8).withUnsafeBytes { try cutter.push($0) }
      _ = try cutter.finish()
    } catch { failed = true }
    #expect(failed)
    #expect(store.published.withLock { $0 } == [1, 2])
    #expect(cutter.progress.chunks.map(\.records) == [1, 1])
  }

  /// However they overtake one another while they are compressed: every other one is large.
  @Test func chunksAppearInTheirOrder() throws {
    let store = MemoryStore()
    var cutter = try ChunkCutter(
      terms: FetchTerms(chunkSize: 40, limit: nil, sample: false), store: store, progress: CutProgress(), hash: SHA256()
    )
    try Array("統一編號,營業人名稱,備註\n".utf8).withUnsafeBytes { try cutter.push($0) }
    for chunk in 0..<30 {
      let note = String(repeating: "備註", count: chunk % 2 == 0 ? 9000 : 1)
      let records = (0..<40).map { "\(10_000_000 + chunk * 40 + $0),甲行,\(note)\n" }.joined()
      try Array(records.utf8).withUnsafeBytes { try cutter.push($0) }
    }
    _ = try cutter.finish()
    #expect(store.manifests.withLock { $0.map(\.chunk) } == Array(1...30))
  }
}
