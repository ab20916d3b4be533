import FetchStage
import LoopbackServer
import MalformedInputs
import SeededRandom
import Spool
import Support
import TestSupport
import Testing

/// A resumed download, and a server that answers with something else than the rest.
@Suite struct HostileRangeTests {
  struct Hostile: CustomTestStringConvertible, Sendable {
    let what: String
    let second: Attempt
    /// Another version of the source, served from the second request on.
    var newer: ServedFile?
    var testDescription: String { what }

    init(_ what: String, newer: ServedFile? = nil, _ change: (inout Attempt) -> Void) {
      (self.what, self.newer, second) = (what, newer, Attempt.whole.with(change))
    }

    init(_ contentRange: String) {
      self.init("Content-Range: \(contentRange)") { $0.overrides = ["Content-Range": contentRange] }
    }
  }

  static let v1 = ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\"")
    .with { $0.date = .afterLastModified(3600) }
  /// As long as the first version, and different from its third record on.
  static let v2Bytes = WebFixture.source(rows: 1000).map { $0 == UInt8(ascii: "5") ? UInt8(ascii: "6") : $0 }
  static let v2 = ServedFile(v2Bytes, lastModified: WebFixture.old, etag: "\"v2\"").with {
    $0.date = .afterLastModified(3600)
    $0.ifRange = .ignored
  }
  static let size = v1.content.count

  static let hostile =
    [
      "", "bytes", "bytes */\(size)", "bytes 0-5/\(size)", "bytes 5-9/100", "bytes 0-\(size - 1)/\(size)",
      "lines 1-2/3", "bytes -1-5/6", "bytes 99999999999999999999-1/2", "bytes 1-2/99999999999999999999",
      "bytes 9223372036854775806-9223372036854775807/9223372036854775807", "bytes 1-2/*", "bytes 1-2-3/4",
    ].map { Hostile($0) }
    + [
      Hostile("a version that says so", newer: v2) { _ in },
      Hostile("a version that does not say so", newer: v2) { $0.overrides = ["ETag": ""] },
      Hostile("a version that says nothing", newer: v2) {
        $0.overrides = ["ETag": "", "Last-Modified": "", "Date": ""]
      },
      Hostile("a weak tag", newer: v2) { $0.overrides = ["ETag": "W/\"v1\""] },
      Hostile("another date under the tag", newer: v2) {
        $0.overrides = ["ETag": "\"v1\"", "Last-Modified": "Mon, 07 Nov 1994 08:49:37 GMT"]
      },
      Hostile("a longer version, honestly", newer: v2.with { $0.ifRange = .honoured }) { _ in },
      Hostile("a range that is elsewhere") { $0.rangeShift = 7 },
      Hostile("a range that ends early") { $0.extraBytes = -5000 },
      Hostile("the range ignored") { $0.ignoresRange = true },
      Hostile("the rest as if it were the whole") { $0.status = 200 },
      Hostile("the whole file as the range") {
        $0.ignoresRange = true
        $0.status = 206
      },
      Hostile("416") { $0.answer = .page(status: 416, headers: [:], body: Content("")) },
      Hostile("416 with another size") {
        $0.answer = .page(status: 416, headers: ["Content-Range": "bytes */5"], body: Content(""))
      },
      Hostile("several ranges") {
        $0.overrides = ["Content-Type": "multipart/byteranges; boundary=x", "Content-Range": ""]
      },
    ]

  /// The source is still fetched correctly, with one or two more requests.
  @Test(arguments: hostile)
  func aWrongRangeAnswerStartsTheDownloadOver(_ hostile: Hostile) throws {
    let web = try WebFixture(Self.v1, plan: [.cut(after: 120_000), hostile.second])
    if let newer = hostile.newer { web.script.replace(with: newer, fromRequest: 2) }
    let folder = try web.fetch().expectFetched()
    let expected = (hostile.newer ?? Self.v1).content.bytes
    let fetched = try web.content(folder)
    #expect(fetched == expected)
    #expect(web.server.requests.count <= 3)
    #expect(web.server.requests[1].headers["Range"]?.hasPrefix("bytes=") == true)
    #expect(
      web.server.requests.count < 3 || web.server.requests[2].headers["Range"] == nil || hostile.what.contains("early"))
    #expect(web.server.bytesSent <= 120_000 + 2 * Self.size)
    try web.expectWholeChunks(of: [Self.v1.content.bytes, Self.v2Bytes], hostile.what)
  }

  /// The answer is longer than the range: the extra bytes do not become chunks.
  @Test func bytesBeyondTheRangeAreIgnored() throws {
    let file = Self.v1.with { $0.length = .untilClose }
    let web = try WebFixture(file, plan: [.cut(after: 120_000), Attempt.whole.with { $0.extraBytes = 60_000 }])
    // The first answer has no length: only a reset shows that it is incomplete.
    web.script.update { $0.plan[0] = .reset(after: 120_000) }
    let folder = try web.fetch().expectFetched()
    let fetched = try web.content(folder)
    #expect(fetched == Self.v1.content.bytes)
    #expect(web.server.requests.map { $0.headers["Range"] != nil } == [false, true, false])
  }

  /// A range request cannot be answered with 304, and a content coding changes the bytes.
  @Test(arguments: [
    ("304", Attempt.page(304), ExitCategory.unavailable), ("404", .page(404), .unavailable),
    ("a coding", .whole.with { $0.overrides = ["Content-Encoding": "gzip"] }, .data),
    ("204", .page(204), .unavailable),
  ])
  func aRefusedRangeIsNotRetriedAndChunksAreKept(_ what: String, _ second: Attempt, _ category: ExitCategory) throws {
    let web = try WebFixture(Self.v1, plan: [.cut(after: 120_000), second])
    let failure = try #require(End { try web.fetch() }.failure)
    #expect(failure.category == category, "\(failure)")
    #expect(web.server.requests.count == 2)
    #expect(try web.expectWholeChunks(of: [Self.v1.content.bytes], what) >= 4)
    try web.expectRecovery(what)
    #expect(web.server.requests[2].headers["Range"] != nil, "the download is resumed")
  }

  /// Random sequences of faults while the source changes: the final snapshot is one version, and so is every earlier
  /// snapshot if the versions can be told apart.
  @Test(arguments: UInt64(1)...40)
  func randomFaultsNeverSpliceVersions(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let validated = seed % 4 != 0
    // Some answers then lack validators, so that versions cannot be told apart either.
    let strips = seed % 5 == 0
    let versions = (1...3).map { number -> ServedFile in
      let bytes = number == 2 ? Self.v2Bytes : WebFixture.source(rows: number == 1 ? 1000 : 1060)
      let date = HTTPDate.string(HTTPDate.seconds(WebFixture.old)! + number * 100)
      return ServedFile(
        bytes, lastModified: validated && seed % 4 != 1 ? date : nil,
        etag: validated && seed % 4 != 2 ? "\"v\(number)\"" : nil
      ).with {
        $0.date = .afterLastModified(3600)
        $0.ifRange = random.onceIn(2) ? .honoured : .ignored
        $0.acceptsRanges = !random.onceIn(4)
        $0.length = random.onceIn(3) ? .chunked : .contentLength
      }
    }
    let web = try WebFixture(versions[0])
    let all = versions.map(\.content.bytes)
    for _ in 0..<6 {
      let attempts = web.script.attempts
      web.script.update { state in
        state.plan =
          Array(repeating: .whole, count: attempts) + (0..<4).map { _ in Self.trouble(&random, strips: strips) }
        for request in 1...4 where random.onceIn(4) { state.replacements[attempts + request] = random.pick(versions) }
      }
      let end = End { try web.fetch() }
      switch end {
      case .fetched(let folder):
        let fetched = try web.content(folder)
        #expect(all.contains(fetched), "seed \(seed)")
      case .unchanged: break
      case .failed(let failure):
        #expect([.temporary, .data, .unavailable].contains(failure.category), "seed \(seed): \(failure)")
      }
      #expect(web.script.attempts - attempts <= 4)
      try web.expectWholeChunks(of: all, mixed: !validated || strips, "seed \(seed)")
    }
    web.script.update { ($0.plan, $0.replacements) = ([], [:]) }
    let last = End { try web.fetch(force: true) }
    let folder = try #require(last.folder, "seed \(seed): \(last)")
    var current: [UInt8] = []
    web.script.update { current = $0.file.content.bytes }
    let fetched = try web.content(folder)
    #expect(fetched == current, "seed \(seed)")
  }

  private static func trouble(_ random: inout SeededRandom, strips: Bool) -> Attempt {
    let offset = random.below(size)
    switch random.below(12) {
    case 0, 1, 2, 3: return .cut(after: offset)
    case 4, 5: return .reset(after: offset)
    case 6: return .busy(503)
    case 7: return .hangUp
    case 8: return .whole.with { $0.rangeShift = random.below(2000) - 1000 }
    case 9 where strips:
      return .whole.with { ($0.overrides, $0.cut) = (["ETag": "", "Last-Modified": ""], .close(after: offset)) }
    case 10: return .ignoringRange.with { $0.cut = .close(after: offset) }
    default: return .whole
    }
  }
}
