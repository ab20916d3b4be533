import ArchiveBuilder
import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// The second source, for when the first is not there or not acceptable.
@Suite struct FallbackTests {
  private static let csv = WebFixture.source(rows: 500)
  private static let zip = ZipBuilder([ZipMemberBuilder("a.csv", csv)]).bytes

  /// A server with an archive, a CSV beside it, and a spool.
  private struct Site {
    let scratch = ScratchFolder()
    let zip: FileScript
    let csv = FileScript(ServedFile(FallbackTests.csv, lastModified: WebFixture.old, etag: "\"csv\""))
    let server: LoopbackServer
    var spool: String { scratch.path + "/spool" }

    init(_ zip: [UInt8] = FallbackTests.zip, otherwise: Attempt = .whole) throws {
      let script = FileScript(
        ServedFile(zip, lastModified: WebFixture.old, etag: "\"zip\"").with { $0.date = .afterLastModified(3600) },
        otherwise: otherwise)
      self.zip = script
      server = try LoopbackServer(Router(["/data.zip": script.answer, "/data.csv": csv.answer]))
    }

    func fetch(_ change: (inout FetchSettings) -> Void = { _ in }) throws -> FetchOutcome {
      var settings = FetchSettings(
        spool: spool, location: try FetchStage.SourceLocation(server.url("/data.zip"), isArgument: true),
        terms: FetchTerms(chunkSize: 100, limit: nil, sample: false), force: false)
      settings.fallback = try FetchStage.SourceLocation(server.url("/data.csv"), isArgument: true)
      settings.retryWaitSeconds = [0, 0, 0]
      change(&settings)
      return try Fetcher.run(settings, log: quietLog)
    }

    func expectFallback(_ what: String) throws {
      let folder = try fetch().expectFetched()
      let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
      #expect(manifest.source.url == server.url("/data.csv"), "\(what)")
      #expect(manifest.source.archive == nil, "\(what)")
      #expect(manifest.csv.bytes == FallbackTests.csv.count, "\(what)")
      #expect(try SpoolIndex.snapshots(spool) == [folder.id], "\(what)")
      #expect(try DownloadManifest.read(at: folder.downloadManifest)?.archiveFormat == nil, "\(what)")
      #expect(try Folder.names(folder.fetchFolder).count == 2 * manifest.chunks.count, "\(what)")
      #expect(server.requests.map(\.path) == ["/data.zip", "/data.csv"], "\(what)")
    }
  }

  @Test(arguments: [
    ("404", Attempt.page(404, headers: [:], body: "no")),
    ("403", .page(403, headers: [:], body: "no")),
    ("a page", .page(200, headers: ["Content-Type": "text/html"], body: "<!DOCTYPE html><html>moved</html>")),
    ("an empty file", .page(200, headers: [:], body: "")),
    ("a text", .page(200, headers: [:], body: "a,b\n1,2\n")),
  ])
  func itIsUsedWhenTheFirstIsNotThere(_ what: String, _ answer: Attempt) throws {
    try Site(otherwise: answer).expectFallback(what)
  }

  @Test func itIsUsedWhenTheArchiveIsNotAcceptable() throws {
    var wrong = ZipMemberBuilder("a.csv", Self.csv)
    wrong.setBoth { $0.crc ^= 1 }
    let encrypted = wrong.with { $0.setBoth { $0.flags = 1 } }
    let other = ZipMemberBuilder("b.csv", Self.csv)
    let archives: [(String, [UInt8])] = [
      // All of its content is in chunks when that is noticed.
      ("a wrong CRC", ZipBuilder([wrong]).bytes), ("encrypted", ZipBuilder([encrypted]).bytes),
      ("two files", ZipBuilder([other, other]).bytes), ("cut", Array(Self.zip.dropLast(5))),
      ("another file", ZipBuilder([ZipMemberBuilder("a.csv", Array("a,b\n1,2\n".utf8))]).bytes),
    ]
    for (what, archive) in archives { try Site(archive).expectFallback(what) }
  }

  @Test func itIsNotUsedAfterATemporaryError() throws {
    for answer in [Attempt.busy(503), .hangUp, .cut(after: Self.zip.count / 8), .resetAtOnce] {
      let site = try Site(otherwise: answer)
      #expect(category { try site.fetch() } == .temporary)
      #expect(site.csv.attempts == 0)
      // The archive is fetched when the server has recovered.
      site.zip.update { $0.otherwise = .whole }
      let folder = try site.fetch().expectFetched()
      #expect(try FetchManifest.read(at: folder.fetchManifest)?.source.archive?.bytes == Self.zip.count)
      #expect(site.csv.attempts == 0)
    }
  }

  @Test func itIsNotUsedForAGoodArchive() throws {
    let site = try Site()
    let folder = try site.fetch().expectFetched()
    guard case .unchanged = try site.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(site.csv.attempts == 0)
    #expect(try SpoolIndex.snapshots(site.spool) == [folder.id])
  }

  @Test func withoutASecondSourceTheErrorIsReported() throws {
    let site = try Site(otherwise: .page(404))
    #expect(category { try site.fetch { $0.fallback = nil } } == .unavailable)
    #expect(site.csv.attempts == 0)
    site.csv.update { $0.otherwise = .page(404) }
    #expect(category { try site.fetch() } == .unavailable)
    #expect(site.csv.attempts == 1)
    #expect(try SpoolIndex.snapshots(site.spool).isEmpty)
  }

  /// Otherwise the unfinished snapshot would stay the newest, and transform would wait for it.
  @Test func anUnfinishedSnapshotOfEitherSourceIsRemovedWhenTheOtherIsUnchanged() throws {
    let site = try Site(otherwise: .page(404))
    let first = try site.fetch().expectFetched()
    site.zip.update { $0.otherwise = .cut(after: Self.zip.count / 8) }
    #expect(category { try site.fetch() } == .temporary)
    #expect(try SpoolIndex.snapshots(site.spool).count == 2)
    site.zip.update { $0.otherwise = .page(404) }
    guard case .unchanged(let folder, _) = try site.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(folder == first)
    #expect(try SpoolIndex.snapshots(site.spool) == [first.id])

    // The other way round: the archive has the same bytes, and a newer CSV was begun.
    let newer = ServedFile(WebFixture.source(rows: 600), lastModified: WebFixture.old, etag: "\"newer\"")
    site.csv.update { ($0.file, $0.otherwise) = (newer, .cut(after: 25_000)) }
    #expect(category { try site.fetch() } == .temporary)
    #expect(try SpoolIndex.snapshots(site.spool).count == 2)
    site.zip.update { $0.otherwise = .whole }
    guard case .unchanged = try site.fetch() else {
      Issue.record("the archive is not unchanged")
      return
    }
    #expect(try SpoolIndex.snapshots(site.spool) == [first.id])
  }
}
