import ArchiveBuilder
import Digest
import FetchStage
import LoopbackServer
import SeededRandom
import Spool
import Support
import TestSupport
import Testing

/// Archives from the web: resumed, changed meanwhile, unchanged.
@Suite struct ArchiveDownloadTests {
  private static let csv = WebFixture.source(rows: 2000)
  /// As long as the first version, and different from its third record on.
  private static let newer = csv.map { $0 == UInt8(ascii: "5") ? UInt8(ascii: "6") : $0 }

  /// Forms with one checksum over all of the content.
  enum Form: String, Sendable, CaseIterable {
    case zip, stored, readmeFirst, described, gzip, zstd

    var format: Archive.Format {
      switch self {
      case .zip, .stored, .readmeFirst, .described: .zip
      case .gzip: .gzip
      case .zstd: .zstd
      }
    }

    func archive(_ csv: [UInt8]) -> [UInt8] {
      let file = ZipMemberBuilder("a.csv", csv, deflated: self != .stored)
      switch self {
      case .zip, .stored: return ZipBuilder([file]).bytes
      case .readmeFirst: return ZipBuilder([ZipMemberBuilder("readme.txt", [65]), file]).bytes
      case .described: return ZipBuilder([file.with { $0.descriptor = .withSignature }]).bytes
      case .gzip: return GzipBuilder.member(csv)
      case .zstd: return ZstdBuilder.frame(csv)
      }
    }
  }

  private static func served(_ bytes: [UInt8], etag: String? = "\"v1\"") -> ServedFile {
    ServedFile(bytes, lastModified: etag == nil ? nil : WebFixture.old, etag: etag).with {
      $0.date = etag == nil ? .now : .afterLastModified(3600)
    }
  }

  /// Fetches once, and fails because the connection ends early.
  private func interrupt(_ web: WebFixture) throws -> SnapshotFolder {
    let end = End { try web.fetch { $0.retryWaitSeconds = [] } }
    let failure = try #require(end.failure, "\(end)")
    #expect(failure.category == .temporary, "\(failure)")
    let ids = try SpoolIndex.snapshots(web.spool)
    #expect(ids.count == 1)
    return SnapshotFolder(spool: web.spool, id: try #require(ids.last))
  }

  private func expectComplete(_ web: WebFixture, _ folder: SnapshotFolder, _ csv: [UInt8], _ archive: [UInt8]) throws {
    let content = try web.content(folder)
    #expect(content == csv)
    let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
    #expect(manifest.source.archive?.sha256 == SHA256.of(archive))
    #expect(manifest.source.archive?.bytes == archive.count)
    #expect(try SpoolIndex.snapshots(web.spool) == [folder.id])
    #expect(try Folder.names(folder.fetchFolder).allSatisfy { !$0.hasPrefix(".") })
  }

  // MARK: Resumed

  @Test(arguments: Form.allCases) func theRestIsRequestedInTheSameRun(_ form: Form) throws {
    let archive = form.archive(Self.csv)
    let cuts = [archive.count * 3 / 5, archive.count * 4 / 5]
    // The second answer begins at the first cut.
    let web = try WebFixture(
      Self.served(archive), plan: [.cut(after: cuts[0]), .cut(after: cuts[1] - cuts[0])])
    let folder = try web.fetch().expectFetched()
    try expectComplete(web, folder, Self.csv, archive)
    #expect(web.server.exchanges.map(\.status) == [200, 206, 206])
    #expect(web.server.requests.map { $0.headers["Range"] } == [nil, "bytes=\(cuts[0])-", "bytes=\(cuts[1])-"])
    #expect(web.server.requests.map { $0.headers["If-Range"] } == [nil, "\"v1\"", "\"v1\""])
    #expect(web.server.bytesSent == archive.count)
  }

  /// One byte more is requested: the file may have all bytes, and a range has to name one.
  @Test(arguments: Form.allCases) func theRestIsRequestedInAnotherRun(_ form: Form) throws {
    let archive = form.archive(Self.csv)
    let cut = archive.count * 3 / 5
    let web = try WebFixture(Self.served(archive), plan: [.cut(after: cut)])
    let begun = try interrupt(web)
    // Chunks are committed, and the snapshot still says that the source is an archive.
    #expect(SpoolFile.isThere(begun.fetchChunkManifest(1)) == (form != .readmeFirst))
    #expect(try DownloadManifest.read(at: begun.downloadManifest)?.archiveFormat == form.format)
    #expect(try SpoolFile.size(begun.fetchFolder + "/.archive.part") == cut)

    let folder = try web.fetch().expectFetched()
    #expect(folder == begun)
    try expectComplete(web, folder, Self.csv, archive)
    #expect(web.server.exchanges.map(\.status) == [200, 206])
    #expect(web.server.requests[1].headers["Range"] == "bytes=\(cut - 1)-")
    #expect(web.server.requests[1].headers["If-Range"] == "\"v1\"")
    #expect(web.server.bytesSent == archive.count + 1)
  }

  /// Runs that each get a little more.
  @Test(arguments: Form.allCases) func eachRunAddsToTheArchive(_ form: Form) throws {
    let archive = form.archive(Self.csv)
    let part = archive.count / 5
    let web = try WebFixture(Self.served(archive), plan: Array(repeating: .cut(after: part), count: 4))
    for run in 1...4 {
      let begun = try interrupt(web)
      // Each run but the first requests one byte again.
      #expect(try SpoolFile.size(begun.fetchFolder + "/.archive.part") == run * part - (run - 1), "run \(run)")
    }
    let folder = try web.fetch().expectFetched()
    try expectComplete(web, folder, Self.csv, archive)
    #expect(web.server.bytesSent == archive.count + 4)
  }

  /// The state of a process that ended after the last byte and before `fetch.json`.
  private func endBeforeCompletion(_ web: WebFixture, _ part: [UInt8]) throws -> SnapshotFolder {
    let folder = try web.fetch().expectFetched()
    try SpoolFile.remove(folder.fetchManifest)
    _ = web.scratch.write(part, to: "spool/\(folder.id)/fetch/.archive.part")
    return folder
  }

  @Test(arguments: Form.allCases) func aCompleteArchiveNeedsOneMoreByte(_ form: Form) throws {
    let archive = form.archive(Self.csv)
    let web = try WebFixture(Self.served(archive))
    let begun = try endBeforeCompletion(web, archive)
    let folder = try web.fetch().expectFetched()
    #expect(folder == begun)
    try expectComplete(web, folder, Self.csv, archive)
    #expect(web.server.exchanges.map(\.status) == [200, 206])
    #expect(web.server.requests[1].headers["Range"] == "bytes=\(archive.count - 1)-")
    #expect(web.server.bytesSent == archive.count + 1)
  }

  /// After a power cut, the part may have zeros where its bytes should be, or more bytes than the archive.
  @Test(arguments: Form.allCases, ["zeros", "longer", "short"])
  func aDamagedPartIsDownloadedAgain(_ form: Form, _ damage: String) throws {
    let archive = form.archive(Self.csv)
    let web = try WebFixture(Self.served(archive))
    var part = archive
    switch damage {
    case "zeros": part.replaceSubrange(part.count / 2..<part.count, with: repeatElement(0, count: part.count / 3))
    case "longer": part += part
    default: part = Array(part.prefix(3))
    }
    _ = try endBeforeCompletion(web, part)
    let folder = try web.fetch().expectFetched()
    try expectComplete(web, folder, Self.csv, archive)
    #expect(web.server.exchanges.last?.status == 200)
    #expect(web.server.requests.count <= 3)
  }

  // MARK: Changed

  enum Change: String, Sendable, CaseIterable {
    case anotherETag, sameETag, anotherLength, ifRangeIgnored, anotherForm, plainCSV
  }

  /// The archive changes after 60 % of it: the result is the newer version.
  @Test(arguments: Form.allCases, Change.allCases)
  func twoVersionsAreNeverSpliced(_ form: Form, _ change: Change) throws {
    let archive = form.archive(Self.csv)
    var csv = Self.newer
    if change == .anotherLength { csv += Array("04595257,甲,乙\n".utf8) }
    let newer =
      switch change {
      case .anotherETag, .sameETag, .anotherLength, .ifRangeIgnored: form.archive(csv)
      case .anotherForm: (form == .gzip ? Form.zstd : .gzip).archive(csv)
      case .plainCSV: csv
      }
    let isSame = change == .sameETag || change == .anotherLength
    let file = Self.served(newer, etag: isSame ? "\"v1\"" : "\"v2\"").with {
      if change == .ifRangeIgnored { $0.ifRange = .ignored }
    }
    for isOneRun in [true, false] {
      let web = try WebFixture(Self.served(archive), plan: [.cut(after: archive.count * 3 / 5)])
      web.script.replace(with: file, fromRequest: 2)
      if !isOneRun { _ = try interrupt(web) }
      let folder = try web.fetch().expectFetched()
      let content = try web.content(folder)
      #expect(content == csv, "one run: \(isOneRun)")
      #expect(try SpoolIndex.snapshots(web.spool) == [folder.id], "one run: \(isOneRun)")
      #expect(try Folder.names(folder.fetchFolder).allSatisfy { !$0.hasPrefix(".") }, "one run: \(isOneRun)")
      let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
      #expect(manifest.source.archive?.sha256 == (change == .plainCSV ? nil : SHA256.of(newer)))
      #expect(web.server.requests.count <= 3, "one run: \(isOneRun)")
      #expect(web.server.requests[1].headers["Range"] != nil, "one run: \(isOneRun)")
    }
  }

  /// A CSV that becomes an archive.
  @Test(arguments: Form.allCases) func aCSVMayBecomeAnArchive(_ form: Form) throws {
    let archive = form.archive(Self.newer)
    for isOneRun in [true, false] {
      let web = try WebFixture(Self.served(Self.csv), plan: [.cut(after: Self.csv.count * 3 / 5)])
      web.script.replace(with: Self.served(archive, etag: "\"v2\""), fromRequest: 2)
      if !isOneRun { _ = try interrupt(web) }
      let folder = try web.fetch().expectFetched()
      try expectComplete(web, folder, Self.newer, archive)
    }
  }

  // MARK: Other servers

  @Test(arguments: Form.allCases) func aServerWithoutRangesSendsTheArchiveAgain(_ form: Form) throws {
    let archive = form.archive(Self.csv)
    for isOneRun in [true, false] {
      let file = Self.served(archive).with { $0.acceptsRanges = false }
      let web = try WebFixture(file, plan: [.cut(after: archive.count * 3 / 5)])
      if !isOneRun { _ = try interrupt(web) }
      let folder = try web.fetch().expectFetched()
      try expectComplete(web, folder, Self.csv, archive)
      #expect(web.server.exchanges.map(\.status) == [200, 200])
    }
  }

  @Test(arguments: Form.allCases, [nil, "W/\"v1\""] as [String?])
  func withoutAStrongValidatorNoRangeIsRequested(_ form: Form, _ etag: String?) throws {
    let archive = form.archive(Self.csv)
    for isOneRun in [true, false] {
      let web = try WebFixture(Self.served(archive, etag: etag), plan: [.cut(after: archive.count * 3 / 5)])
      if !isOneRun { _ = try interrupt(web) }
      let folder = try web.fetch().expectFetched()
      try expectComplete(web, folder, Self.csv, archive)
      #expect(web.server.requests.allSatisfy { $0.headers["Range"] == nil })
      #expect(web.server.exchanges.map(\.status) == [200, 200])
    }
  }

  /// Random faults while the archive changes: every snapshot is one version.
  @Test(arguments: UInt64(1)...24)
  func randomFaultsNeverSpliceVersions(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let contents = [Self.csv, Self.newer, WebFixture.source(rows: 1900)]
    let isHonest = seed % 3 != 0
    let versions = contents.indices.map { number in
      Self.served(random.pick(Form.allCases).archive(contents[number]), etag: isHonest ? "\"v\(number)\"" : "\"v\"")
        .with {
          $0.ifRange = random.onceIn(2) ? .honoured : .ignored
          $0.acceptsRanges = !random.onceIn(4)
          $0.length = random.onceIn(3) ? .chunked : .contentLength
        }
    }
    let web = try WebFixture(versions[0])
    for _ in 0..<6 {
      let attempts = web.script.attempts
      let plan = (0..<4).map { _ in trouble(&random, bytes: versions[0].content.count) }
      var replacements: [Int: ServedFile] = [:]
      for request in 1...4 where random.onceIn(4) { replacements[attempts + request] = random.pick(versions) }
      web.script.update {
        $0.plan = Array(repeating: .whole, count: attempts) + plan
        $0.replacements = replacements
      }
      switch End({ try web.fetch() }) {
      case .fetched(let folder):
        let content = try web.content(folder)
        #expect(contents.contains(content), "seed \(seed)")
      case .unchanged: break
      case .failed(let failure): #expect(failure.category == .temporary, "seed \(seed): \(failure)")
      }
      #expect(web.script.attempts - attempts <= 4, "seed \(seed)")
    }
    web.script.update { ($0.plan, $0.replacements) = ([], [:]) }
    let end = End { try web.fetch(force: true) }
    let folder = try #require(end.folder, "seed \(seed): \(end)")
    var current: [UInt8] = []
    web.script.update { current = $0.file.content.bytes }
    let index = try #require(versions.firstIndex { $0.content.bytes == current })
    let content = try web.content(folder)
    // Under equal validators, all bytes of an earlier version may have arrived before.
    #expect(isHonest ? content == contents[index] : contents.contains(content), "seed \(seed)")
  }

  private func trouble(_ random: inout SeededRandom, bytes: Int) -> Attempt {
    let offset = random.below(bytes)
    switch random.below(8) {
    case 0, 1, 2: return .cut(after: offset)
    case 3, 4: return .reset(after: offset)
    case 5: return .busy(503)
    case 6: return .ignoringRange.with { $0.cut = .close(after: offset) }
    default: return .whole
    }
  }

  // MARK: Unchanged

  @Test(arguments: Form.allCases) func anArchiveOfTheSameBytesIsUnchanged(_ form: Form) throws {
    let web = try WebFixture(Self.served(Self.csv, etag: "\"csv\""))
    let first = try web.fetch().expectFetched()
    web.script.replace(with: Self.served(form.archive(Self.csv), etag: "\"archive\""))
    guard case .unchanged(let folder, _) = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(folder == first)
    #expect(web.server.exchanges.map(\.status) == [200, 200])
    #expect(try SpoolIndex.snapshots(web.spool) == [first.id])
  }

  @Test(arguments: Form.allCases) func anArchiveWithTheSameETagIsNotDownloaded(_ form: Form) throws {
    let web = try WebFixture(Self.served(form.archive(Self.csv)))
    let first = try web.fetch().expectFetched()
    guard case .unchanged(let folder, _) = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(folder == first)
    #expect(web.server.exchanges.map(\.status) == [200, 304])
    // The CSV itself, with another validator, has the same bytes.
    web.script.replace(with: Self.served(Self.csv, etag: "\"csv\""))
    guard case .unchanged = try web.fetch() else {
      Issue.record("the CSV is not unchanged")
      return
    }
    #expect(try SpoolIndex.snapshots(web.spool) == [first.id])
  }
}
