import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// Machines behind one name that give the same bytes other validators, and sources that change during a download.
@Suite struct DifferingValidatorTests {
  static let bytes = WebFixture.source(rows: 1000)
  /// 60 % of the source.
  static let cut = Attempt.cut(after: 120_000)

  private static func version(_ name: String, _ bytes: [UInt8] = bytes) -> ServedFile {
    ServedFile(bytes, lastModified: WebFixture.old, etag: "\"\(name)\"").with { $0.date = .afterLastModified(3600) }
  }

  private func snapshots(_ web: WebFixture) throws -> [SnapshotFolder] {
    try SpoolIndex.snapshots(web.spool).map { SnapshotFolder(spool: web.spool, id: $0) }
  }

  /// The machines answer in turn, and each connection ends after 60 % of the source.
  @Test(arguments: [2, 3], ["ETag", "Last-Modified", "both"])
  func machinesInTurnDeliverTheSource(_ machines: Int, _ differing: String) throws {
    let modified = try #require(HTTPDate.seconds(WebFixture.old))
    let files = (0..<machines).map { number in
      ServedFile(
        Self.bytes, lastModified: HTTPDate.string(modified + (differing == "ETag" ? 0 : number)),
        etag: differing == "Last-Modified" ? nil : "\"m\(number)\""
      ).with { $0.date = .afterLastModified(3600) }
    }
    let web = try WebFixture(files[0], otherwise: Self.cut)
    for request in 2...8 { web.script.replace(with: files[(request - 1) % machines], fromRequest: request) }
    let folder = try web.fetch().expectFetched()
    let fetched = try web.content(folder)
    #expect(fetched == Self.bytes)
    #expect(try SpoolIndex.snapshots(web.spool) == [folder.id])
    // One request to each machine, then the rest from the first.
    #expect(web.server.exchanges.map(\.status) == Array(repeating: 200, count: machines) + [206])
  }

  @Test func aNewTagInEachAnswerKeepsFolderAndChunks() throws {
    let web = try WebFixture(Self.version("0"), otherwise: Self.cut)
    for request in 1...13 { web.script.replace(with: Self.version("\(request)"), fromRequest: request) }
    var before: UInt64?
    for run in 1...3 {
      #expect(category { try web.fetch() } == .temporary)
      #expect(web.server.requests.count == 4 * run)
      let folders = try snapshots(web)
      #expect(folders.count == 1, "run \(run)")
      let chunk = try #require(inode(folders[0].csv(5)))
      #expect(before == nil || chunk == before, "run \(run): a chunk with the same bytes was written again")
      before = chunk
    }
    web.script.update { $0.otherwise = .whole }
    let folder = try web.fetch().expectFetched()
    let fetched = try web.content(folder)
    #expect(fetched == Self.bytes)
    #expect(inode(folder.csv(5)) == before)
    #expect(try SpoolIndex.snapshots(web.spool) == [folder.id])
    // Both name the version that completed the download.
    #expect(try DownloadManifest.read(at: folder.downloadManifest)?.source.etag == "\"13\"")
    #expect(try FetchManifest.read(at: folder.fetchManifest)?.source.etag == "\"13\"")
  }

  @Test func aSourceThatChangesInEachAnswerLeavesOneFolder() throws {
    let versions = [Self.bytes, HostileRangeTests.v2Bytes]
    let web = try WebFixture(Self.version("0"), otherwise: Self.cut)
    for request in 1...8 {
      web.script.replace(with: Self.version("\(request)", versions[request % 2]), fromRequest: request)
    }
    for _ in 1...2 {
      #expect(category { try web.fetch() } == .temporary)
      #expect(try SpoolIndex.snapshots(web.spool).count == 1)
      #expect(try web.expectWholeChunks(of: versions, "changing") >= 4)
    }
    try web.expectRecovery("changing")
    #expect(try SpoolIndex.snapshots(web.spool).count == 1)
  }

  /// Two versions that differ after the chunks that have arrived of both.
  private static let newer: [UInt8] = {
    var newer = bytes
    newer[newer.count - 30_000] ^= 1
    return newer
  }()

  /// The first version is gone: after its second absence in a row, the rest of the newer one is requested.
  @Test func aNewerSourceWithTheSameBeginningIsResumed() throws {
    let web = try WebFixture(Self.version("old"), otherwise: Self.cut)
    web.script.replace(with: Self.version("new", Self.newer), fromRequest: 2)
    let folder = try web.fetch().expectFetched()
    let fetched = try web.content(folder)
    #expect(fetched == Self.newer)
    #expect(web.server.exchanges.map(\.status) == [200, 200, 200, 206])
    #expect(web.server.requests.map { $0.headers["If-Range"] } == [nil, "\"old\"", "\"old\"", "\"new\""])
    #expect(try SpoolIndex.snapshots(web.spool) == [folder.id])
  }

  /// An answer that only confirms chunks leaves their version in `source.json`: each version can be resumed.
  @Test(arguments: ["old", "new"])
  func confirmedChunksBelongToTheRecordedVersion(_ last: String) throws {
    let old = Self.version("old")
    let new = Self.version("new", Self.newer)
    let web = try WebFixture(old, plan: [Self.cut, Self.cut, .hangUp, .hangUp])
    web.script.replace(with: new, fromRequest: 2)
    #expect(category { try web.fetch() } == .temporary)
    let begun = try #require(try snapshots(web).first)
    #expect(try DownloadManifest.read(at: begun.downloadManifest)?.source.etag == "\"old\"")
    #expect(try web.expectWholeChunks(of: [Self.bytes], "confirmed") >= 4)
    web.script.replace(with: last == "old" ? old : new)
    let folder = try web.fetch().expectFetched()
    let fetched = try web.content(folder)
    #expect(fetched == (last == "old" ? Self.bytes : Self.newer))
    #expect(web.server.exchanges.last?.status == (last == "old" ? 206 : 200))
    #expect(try SpoolIndex.snapshots(web.spool) == [begun.id])
    #expect(try DownloadManifest.read(at: folder.downloadManifest)?.source.etag == "\"\(last)\"")
  }
}
