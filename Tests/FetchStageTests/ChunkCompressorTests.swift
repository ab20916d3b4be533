import FetchStage
import Spool
import Support
import Testing

/// Chunks are compressed in parallel and committed in order.
@Suite struct ChunkCompressorTests {
  enum Step: CaseIterable { case chunk, earlierManifest, manifest }

  /// Chunk 3 or its manifest cannot be written: a folder has its name.
  @Test(arguments: Step.allCases)
  func noChunkAfterAFailedOneIsCommitted(_ step: Step) throws {
    let source = SplitSource(chunkSize: 1)
    let fetch = source.folder.fetchFolder
    try Folder.make(source.folder.path)
    try Folder.make(fetch)
    switch step {
    case .chunk: try Folder.make(fetch + "/.000003.csv.zst.tmp")
    case .earlierManifest: try Folder.make(source.folder.fetchChunkManifest(3))
    case .manifest: try Folder.make(fetch + "/.000003.json.tmp")
    }
    let text = "統一編號,營業人名稱\n" + (0..<40).map { "\(10_000_000 + $0),甲行\n" }.joined()
    let failure = #expect(throws: Failure.self) { _ = try source.split([Array(text.utf8)]) }
    #expect(failure?.message.contains("000003") == true, "\(failure?.message ?? "")")
    let manifests = try Folder.names(fetch).filter { $0.hasSuffix(".json") }
    #expect(manifests == ["000001.json", "000002.json"] + (step == .earlierManifest ? ["000003.json"] : []))
    #expect(try FetchChunkManifest.read(at: source.folder.fetchChunkManifest(2))?.csv.records == 1)
  }

  /// Every other chunk is large, so that small ones are compressed first.
  @Test func chunksAreCommittedInOrder() throws {
    let source = SplitSource(chunkSize: 40)
    let pieces = (0..<30).map { chunk in
      let note = String(repeating: "備註", count: chunk % 2 == 0 ? 9000 : 1)
      return Array((0..<40).map { "\(10_000_000 + chunk * 40 + $0),甲行,\(note)\n" }.joined().utf8)
    }
    let split = try #require(try source.split([Array("統一編號,營業人名稱,備註\n".utf8)] + pieces))
    #expect(split.chunks.map(\.manifest) == (1...30).map(SnapshotFolder.manifestName))
  }
}
