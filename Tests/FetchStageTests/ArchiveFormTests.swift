import ArchiveBuilder
import Digest
import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// A CSV gives the same chunks whatever form it arrives in.
@Suite struct ArchiveFormTests {
  private static let csv = WebFixture.source(rows: 60)

  @Test(arguments: ArchivedCSV.forms(of: csv), [1, 7, 50_000])
  func everyFormGivesTheChunksOfTheCSV(_ archive: ArchivedCSV, _ chunkSize: Int) throws {
    let plain = ArchiveFixture()
    let expected = try plain.fetch(file: Self.csv, chunkSize: chunkSize)
    let chunks = try files(in: expected.folder.fetchFolder)
    #expect(chunks.count == 2 * expected.manifest.chunks.count)
    #expect(expected.manifest.source.archive == nil)

    let (file, stream) = (ArchiveFixture(), ArchiveFixture())
    let web = try WebFixture(ServedFile(archive.bytes, lastModified: WebFixture.old, etag: "\"v1\""))
    let outcomes = [
      ("file", try file.fetch(file: archive.bytes, chunkSize: chunkSize)),
      ("stream", try stream.fetch(stream: archive.bytes, chunkSize: chunkSize)),
      ("web", try web.fetch { $0.terms.chunkSize = chunkSize }),
    ]
    for (source, outcome) in outcomes {
      let folder = try outcome.expectFetched()
      let found = try files(in: folder.fetchFolder)
      #expect(found == chunks, "\(source): \(found.keys.sorted())")
      let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
      #expect(manifest.csv == expected.manifest.csv, "\(source)")
      #expect(manifest.chunks == expected.manifest.chunks, "\(source)")
      #expect(
        manifest.source.archive
          == Archive(
            format: archive.format, bytes: archive.bytes.count, sha256: SHA256.of(archive.bytes),
            member: archive.member), "\(source)")
    }
  }

  /// A frame whose content ends where the decompressor's output is full.
  @Test(arguments: [1, 2, 3], [-1, 0, 1])
  func aFrameMayFillTheOutput(_ blocks: Int, _ more: Int) throws {
    let size = blocks * 128 << 10
    var csv = WebFixture.source(rows: 1)
    while csv.count < size { csv += Array("04595257,甲,乙\n".utf8) }
    csv = Array(csv.prefix(size + more))
    let archives = [ZstdBuilder.frame(csv), ZstdBuilder.stream(csv), GzipBuilder.member(csv)]
    for (index, bytes) in archives.enumerated() {
      let fixture = ArchiveFixture()
      let folder = try fixture.fetch(file: bytes, chunkSize: 50_000).expectFetched()
      let content = try fixture.content(folder)
      #expect(content == csv, "archive \(index)")
    }
  }

  @Test func theSameArchiveIsUnchangedWithoutBeingUnpacked() throws {
    let fixture = ArchiveFixture()
    let archive = GzipBuilder.member(Self.csv)
    let first = try fixture.fetch(file: archive).expectFetched()
    for bytes in [archive, Self.csv, GzipBuilder.member(Self.csv, name: "another")] {
      guard case .unchanged(let folder, _) = try fixture.fetch(file: bytes) else {
        Issue.record("not unchanged")
        continue
      }
      #expect(folder == first)
    }
    #expect(try fixture.snapshots() == [first.id])
  }

  /// With --limit, only the first records are read, also of a file that is unpacked at the end.
  @Test func aLimitAppliesToTheContent() throws {
    for archive in ArchivedCSV.forms(of: Self.csv) {
      let web = try WebFixture(ServedFile(archive.bytes, lastModified: nil, etag: nil))
      let folder = try web.fetch { $0.terms.limit = 30 }.expectFetched()
      #expect(try FetchManifest.read(at: folder.fetchManifest)?.csv.records == 30, "\(archive.name)")
      #expect(try Folder.names(folder.fetchFolder).allSatisfy { !$0.hasPrefix(".") }, "\(archive.name)")
    }
  }
}
