import CommandKit
import FetchStage
import Spool
import TestSupport
import Testing

/// Chunks that are kept from an interrupted fetch.
@Suite struct KeptChunkTests {
  /// A kept chunk after one that is fetched again has not been verified; its size alone proves nothing.
  @Test func aDamagedChunkOfTheRightSizeIsReplaced() throws {
    let scratch = ScratchFolder()
    let source = Array("統一編號,營業人名稱\n04595257,甲\n10000009,乙\n20000003,丙\n".utf8)
    let settings = FetchSettings(
      spool: scratch.path + "/spool", location: .file(path: scratch.write(source, to: "source.csv")),
      terms: FetchTerms(chunkSize: 1, limit: nil, sample: false), force: false)
    let folder = try Fetcher.run(settings, log: quietLog).folder
    let whole = try #require(ScratchFolder.read(folder.csv(3)))
    try SpoolFile.remove(folder.fetchManifest)
    try SpoolFile.remove(folder.fetchChunkManifest(1))
    var damaged = whole
    damaged[damaged.count / 2] ^= 1
    _ = scratch.write(damaged, to: "spool/\(folder.id)/fetch/000003.csv.zst")

    let again = try Fetcher.run(settings, log: quietLog).folder
    #expect(again == folder)
    #expect(ScratchFolder.read(folder.csv(3)) == whole)
    #expect(try FetchManifest.read(at: folder.fetchManifest)?.chunks.count == 3)
  }
}
