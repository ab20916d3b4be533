import FetchStage
import Glibc
import LoopbackServer
import Spool
import Support
import Testing

/// Fetching over real HTTP, on loopback.
@Suite struct WebTests {
  @Test func aSecondFetchIsUnchangedAndAForcedOneIsNot() throws {
    let web = try WebFixture(ServedFile(WebFixture.source(rows: 500), lastModified: WebFixture.old, etag: "\"v1\""))
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == web.bytes)
    guard case .unchanged(let again, _) = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(again.id == folder.id)
    #expect(web.server.exchanges.map(\.status) == [200, 304])
    #expect(web.server.requests[1].headers["If-None-Match"] == "\"v1\"")
    #expect(web.server.requests[1].headers["If-Modified-Since"] == WebFixture.old)
    let forced = try web.fetch(force: true).expectFetched()
    #expect(forced.id > folder.id)
    #expect(web.server.requests[2].headers["If-None-Match"] == nil)
  }

  @Test func anAddressIsShownWithoutItsSecrets() throws {
    let location = try FetchStage.SourceLocation("https://u:p@h:1/a;s=secret/b?c=secret&d", isArgument: false)
    #expect(location.shown == "https://h:1/a;…?c=…&…")
  }

  /// With this date, a server would consider every later file unchanged.
  @Test(arguments: [-1, 3600]) func aFutureLastModifiedIsNotSentBack(_ age: Int) throws {
    let future = "Thu, 01 Jan 2099 00:00:00 GMT"
    let file = ServedFile(WebFixture.source(rows: 100), lastModified: future, etag: nil)
    let web = try WebFixture(file.with { $0.date = .afterLastModified(age) })
    _ = try web.fetch().expectFetched()
    web.script.replace(with: ServedFile(WebFixture.source(rows: 101), lastModified: WebFixture.old, etag: nil))
    _ = try web.fetch().expectFetched()
    #expect(web.server.requests[1].headers["If-Modified-Since"] == nil)
  }

  @Test func equalBytesAreUnchangedAndLeaveNoSnapshot() throws {
    let web = try WebFixture(ServedFile(WebFixture.source(rows: 100), lastModified: nil, etag: nil))
    let folder = try web.fetch().expectFetched()
    guard case .unchanged = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(web.server.exchanges.map(\.status) == [200, 200])
    #expect(try SpoolIndex.snapshots(web.spool) == [folder.id])
  }

  /// A strong Last-Modified, a strong ETag, and weak or no validators.
  @Test(arguments: [
    Validators(lastModified: true, etag: nil, age: 60, isStrong: true),
    Validators(lastModified: true, etag: nil, age: 59, isStrong: false),
    Validators(lastModified: false, etag: "\"v1\"", age: 0, isStrong: true),
    Validators(lastModified: true, etag: "W/\"v1\"", age: 3600, isStrong: false),
    Validators(lastModified: false, etag: nil, age: 0, isStrong: false),
  ])
  func onlyAStrongValidatorResumesADownload(_ validators: Validators) throws {
    let file = ServedFile(
      WebFixture.source(rows: 1000), lastModified: validators.lastModified ? WebFixture.old : nil, etag: validators.etag
    ).with { $0.date = .afterLastModified(validators.age) }
    let web = try WebFixture(file, plan: [.cut(after: 120_000), .reset(after: 30_000)])
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == web.bytes)
    let ranges = web.server.requests.dropFirst().map { $0.headers["Range"] }
    #expect(ranges.allSatisfy { ($0 != nil) == validators.isStrong }, "\(validators): \(ranges)")
    #expect(web.server.exchanges.last?.status == (validators.isStrong ? 206 : 200))
  }

  @Test func equalChunksAreKeptWhenADownloadStartsOver() throws {
    let web = try WebFixture(
      ServedFile(WebFixture.source(rows: 1000), lastModified: nil, etag: nil),
      plan: Array(repeating: .cut(after: 120_000), count: 4))
    #expect(throws: Failure.self) { try web.fetch() }
    let id = try #require(try SpoolIndex.snapshots(web.spool).last)
    let first = SnapshotFolder(spool: web.spool, id: id).csv(1)
    let before = try #require(inode(first))
    let folder = try web.fetch().expectFetched()
    #expect(folder.id == id)
    #expect(inode(first) == before)
    #expect(try web.content(folder) == web.bytes)
  }

  @Test func twoVersionsAreNeverSpliced() throws {
    let old = ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\"")
    let new = ServedFile(WebFixture.source(rows: 1001), lastModified: WebFixture.old, etag: "\"v2\"")
    for behaviour in ["honest", "ifRangeIgnored", "wrongContentRange", "rangeShifted", "rangeIgnored"] {
      let newer = behaviour == "ifRangeIgnored" ? new.with { $0.ifRange = .ignored } : new
      var second = Attempt.whole
      if behaviour == "wrongContentRange" { second = .contentRange("bytes 5-9/100") }
      if behaviour == "rangeShifted" { second = Attempt.whole.with { $0.rangeShift = 7 } }
      if behaviour == "rangeIgnored" { second = .ignoringRange }
      let web = try WebFixture(old, plan: [.cut(after: 120_000), second])
      let changes = behaviour == "honest" || behaviour == "ifRangeIgnored"
      if changes { web.script.replace(with: newer, fromRequest: 2) }
      let folder = try web.fetch().expectFetched()
      #expect(
        try web.content(folder) == (changes ? WebFixture.source(rows: 1001) : WebFixture.source(rows: 1000)),
        "\(behaviour)")
      #expect(try SpoolIndex.snapshots(web.spool) == [folder.id], "\(behaviour)")
    }
  }

  @Test func aNewerSourceReplacesAnInterruptedDownload() throws {
    let web = try WebFixture(
      ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\""),
      plan: Array(repeating: .cut(after: 45_000), count: 4))
    #expect(throws: Failure.self) { try web.fetch() }
    web.script.replace(with: ServedFile(WebFixture.source(rows: 900), lastModified: WebFixture.old, etag: "\"v2\""))
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == WebFixture.source(rows: 900))
    #expect(try SpoolIndex.snapshots(web.spool).count == 1)
  }

  /// Otherwise the incomplete snapshot would stay the newest: load would ask for fetch, and fetch would have nothing to
  /// do.
  @Test func anIncompleteSnapshotIsRemovedWhenTheSourceIsUnchanged() throws {
    let v1 = ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\"")
    let web = try WebFixture(v1)
    let first = try web.fetch().expectFetched()
    web.script.replace(with: ServedFile(WebFixture.source(rows: 1), lastModified: WebFixture.old, etag: "\"v2\""))
    #expect(category { try web.fetch { $0.bytesMax = 100 } } == .data)
    try Folder.make(SnapshotFolder(spool: web.spool, id: .next(after: first.id)).path)
    let begun = SnapshotFolder(spool: web.spool, id: try #require(SpoolIndex.snapshots(web.spool).last))
    let manifest = try #require(try DownloadManifest.read(at: first.downloadManifest))
    try manifest.publish(at: begun.downloadManifest)
    web.script.replace(with: v1)
    guard case .unchanged = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(try SpoolIndex.snapshots(web.spool) == [first.id])
  }

  @Test func aDamagedManifestLeadsToANewSnapshot() throws {
    let web = try WebFixture(ServedFile(WebFixture.source(rows: 100), lastModified: WebFixture.old, etag: "\"v1\""))
    let first = try web.fetch().expectFetched()
    truncate(first.fetchManifest, 50)
    let second = try web.fetch().expectFetched()
    guard case .unchanged(let folder, _) = try web.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(folder.id == second.id)
  }

  @Test func aDamagedChunkOfAnInterruptedDownloadIsFetchedAgain() throws {
    let web = try WebFixture(
      ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\""),
      plan: Array(repeating: .cut(after: 45_000), count: 4))
    #expect(throws: Failure.self) { try web.fetch() }
    let id = try #require(try SpoolIndex.snapshots(web.spool).last)
    try flipByte(SnapshotFolder(spool: web.spool, id: id).csv(2))
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == web.bytes)
  }

  @Test func aRetryableErrorIsRetriedThreeTimes() throws {
    let file = ServedFile(WebFixture.source(rows: 10), lastModified: nil, etag: nil)
    for status in [408, 429, 500, 503] {
      let web = try WebFixture(file, plan: [.busy(status), .hangUp, .resetAtOnce])
      _ = try web.fetch().expectFetched()
      #expect(web.server.requests.count == 4)
      let never = try WebFixture(file, otherwise: .busy(status))
      #expect(category { try never.fetch() } == .temporary)
      #expect(never.server.requests.count == 4)
    }
    let patient = try WebFixture(file, plan: [.busy(503, retryAfter: "0")])
    _ = try patient.fetch().expectFetched()
    for answer in ["61", "Sun, 06 Nov 2094 08:49:37 GMT"] {
      let asks = try WebFixture(file, otherwise: .busy(503, retryAfter: answer))
      #expect(category { try asks.fetch() } == .temporary)
      #expect(asks.server.requests.count == 1)
    }
  }

  @Test(arguments: [
    ("gone", Attempt.page(404, headers: [:], body: "no"), ExitCategory.unavailable),
    ("forbidden", .page(403, headers: [:], body: "no"), .unavailable),
    (
      "login page", .page(200, headers: ["Content-Type": "text/html"], body: "<!DOCTYPE html><html>log in</html>"),
      .data
    ),
    ("empty", .page(200, headers: [:], body: ""), .data),
    ("redirect to http", .redirect(to: "http://127.0.0.1:9/x.csv", status: 302), .unavailable),
    ("other header", .page(200, headers: [:], body: "a,b\n1,2\n"), .data),
    ("gzip not asked for", Attempt.whole.with { $0.overrides.add("Content-Encoding", "gzip") }, .data),
    ("megabyte of headers", Attempt.whole.with { $0.padding = .init(lines: 1024, length: 1024) }, .data),
  ])
  func otherErrorsAreNotRetriedAndWriteNothing(_ name: String, _ answer: Attempt, _ expected: ExitCategory) throws {
    let web = try WebFixture(ServedFile(WebFixture.source(rows: 10), lastModified: nil, etag: nil), otherwise: answer)
    #expect(category { try web.fetch() } == expected, "\(name)")
    #expect(web.server.requests.count == 1, "\(name)")
    #expect(try SpoolIndex.snapshots(web.spool).isEmpty, "\(name)")
  }

  @Test func anAnswerShorterThanItsLengthIsRetried() throws {
    let file = ServedFile(WebFixture.source(rows: 200), lastModified: WebFixture.old, etag: "\"v1\"")
    let web = try WebFixture(file, plan: [Attempt.whole.with { $0.extraBytes = -500 }])
    #expect(try web.content(web.fetch().expectFetched()) == web.bytes)
    #expect(web.server.requests.count == 2)
  }

  @Test func theSizeOfTheSourceIsBounded() throws {
    for length in [ServedFile.Length.contentLength, .chunked, .untilClose] {
      let file = ServedFile(WebFixture.source(rows: 1000), lastModified: nil, etag: nil).with { $0.length = length }
      let web = try WebFixture(file)
      #expect(category { try web.fetch { $0.bytesMax = 100_000 } } == .data)
      _ = try web.fetch().expectFetched()
    }
  }

  @Test func aLimitedSnapshotIsNeverThePreviousSnapshot() throws {
    let file = ServedFile(WebFixture.source(rows: 100), lastModified: WebFixture.old, etag: "\"v1\"")
    let web = try WebFixture(file)
    let limited = try web.fetch { $0.terms.limit = 30 }.expectFetched()
    #expect(try FetchManifest.read(at: limited.fetchManifest)?.csv.records == 30)
    _ = try web.fetch { $0.terms.limit = 30 }.expectFetched()
    let whole = try web.fetch().expectFetched()
    #expect(web.server.requests.allSatisfy { $0.headers["If-None-Match"] == nil })
    #expect(try web.content(whole).starts(with: web.content(limited)))
  }
}

struct Validators: CustomTestStringConvertible, Sendable {
  let lastModified: Bool
  let etag: String?
  let age: Int
  let isStrong: Bool
  var testDescription: String { "\(lastModified ? "Last-Modified \(age) s old" : "") \(etag ?? "")" }
}
