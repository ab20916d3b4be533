import LoopbackServer
import Testing

private let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
private let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
private let file = ServedFile(bytes, lastModified: modified, etag: "\"a\"")

private func serve(_ file: ServedFile = file, _ plan: Attempt...) throws -> LoopbackServer {
  try LoopbackServer(FileScript(file, plan: plan))
}

/// A server without faults: conditional requests, ranges, framing.
@Suite struct HonestFileTests {
  @Test func theWholeFileIsServedWithItsHeaders() throws {
    let result = try curl(to: serve(file.with { $0.date = .afterLastModified(60) }))
    #expect(result.status == 200)
    #expect(result.body == bytes)
    #expect(result.headers["ETag"] == "\"a\"")
    #expect(result.headers["last-modified"] == modified)
    #expect(result.headers["Date"] == "Sun, 06 Nov 1994 08:50:37 GMT")
    #expect(result.headers["Accept-Ranges"] == "bytes")
    #expect(result.headers["Content-Length"] == "1000")
  }

  @Test func headHasNoBodyAndOtherMethodsAreRefused() throws {
    let server = try serve()
    let result = try curl("--head", to: server)
    #expect(result.status == 200)
    #expect(result.headers["Content-Length"] == "1000")
    #expect(server.bytesSent == 0)
    #expect(try curl("-X", "DELETE", to: server).status == 405)
  }

  @Test(arguments: [
    ("0-0", 0..<1), ("10-19", 10..<20), ("600-", 600..<1000), ("990-5000", 990..<1000), ("-10", 990..<1000),
    ("-5000", 0..<1000),
  ])
  func aSatisfiableRangeIsServed(_ range: String, _ expected: Range<Int>) throws {
    let result = try curl("--range", range, to: serve())
    #expect(result.status == 206)
    #expect(result.body == Array(bytes[expected]))
    #expect(result.headers["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/1000")
  }

  @Test func anUnsatisfiableRangeGets416AndAnInvalidOneTheWholeFile() throws {
    let server = try serve()
    let result = try curl("--range", "1000-", to: server)
    #expect(result.status == 416)
    #expect(result.headers["Content-Range"] == "bytes */1000")
    for range in ["1-2,5-6", "9-3", "x-"] { #expect(try curl("-H", "Range: bytes=\(range)", to: server).status == 200) }
    #expect(try curl("--range", "10-", to: serve(file.with { $0.acceptsRanges = false })).status == 200)
  }

  @Test(arguments: [
    ("\"a\"", "\"a\"", 206), ("\"a\"", "\"b\"", 200), ("W/\"a\"", "W/\"a\"", 200), ("W/\"a\"", "\"a\"", 200),
    ("\"a\"", modified, 206), ("\"a\"", "Sun, 06 Nov 1994 08:49:38 GMT", 200),
  ])
  func aRangeIsServedOnlyIfIfRangeMatches(_ etag: String, _ validator: String, _ status: Int) throws {
    let file = file.with { $0.etag = etag }
    let result = try curl("--range", "10-", "-H", "If-Range: \(validator)", to: serve(file))
    #expect(result.status == status)
    #expect(result.body.count == (status == 206 ? 990 : 1000))
  }

  @Test func ifRangeCanBeIgnored() throws {
    let server = try serve(file.with { $0.ifRange = .ignored })
    #expect(try curl("--range", "10-", "-H", "If-Range: \"b\"", to: server).status == 206)
  }

  @Test(arguments: [
    ("If-None-Match: \"a\"", 304), ("If-None-Match: \"b\", W/\"a\"", 304), ("If-None-Match: *", 304),
    ("If-None-Match: \"b\"", 200), ("If-Modified-Since: \(modified)", 304),
    ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200), ("If-Modified-Since: soon", 200),
  ])
  func conditionalRequestsAreAnswered(_ header: String, _ status: Int) throws {
    let result = try curl("-H", header, to: serve())
    #expect(result.status == status)
    #expect(result.headers["ETag"] == "\"a\"")
    #expect(result.body.count == (status == 304 ? 0 : 1000))
    let deaf = try serve(file.with { $0.answersConditions = false })
    #expect(try curl("-H", header, to: deaf).status == 200)
  }

  @Test func ifNoneMatchOverridesIfModifiedSince() throws {
    let result = try curl("-H", "If-None-Match: \"b\"", "-H", "If-Modified-Since: \(modified)", to: serve())
    #expect(result.status == 200)
  }

  @Test(arguments: [ServedFile.Length.chunked, .untilClose])
  func aBodyOfUnknownLengthIsComplete(_ length: ServedFile.Length) throws {
    let file = ServedFile(Content.repeating([1, 2, 3], count: 200_000)).with { $0.length = length }
    let server = try serve(file)
    let result = try curl(to: server, more: ["/again"])
    #expect(result.exit == 0)
    #expect(result.headers["Content-Length"] == nil)
    #expect(result.headers["Date"] != nil)
    let expected = (0..<200_000).map { UInt8($0 % 3 + 1) }
    #expect(result.body == expected)
    #expect(server.connections == (length == .chunked ? 1 : 2))
    #expect(server.bytesSent == 400_000)
  }
}

/// Scripted faults.
@Suite struct FaultTests {
  @Test func eachAttemptIsCutAsPlanned() throws {
    let server = try serve(file, .cut(after: 100), .cut(after: 0), .reset(after: 200))
    let results = try (1...4).map { _ in try curl(to: server) }
    #expect(results.map(\.exit) == [18, 18, 56, 0])
    #expect(results.map(\.body.count) == [100, 0, 200, 1000])
    #expect(server.exchanges.map(\.bytesSent) == [100, 0, 200, 1000])
    try server.waitUntilIdle()
    #expect(server.exchanges.map(\.outcome) == [.closed, .closed, .reset, .complete])
  }

  @Test func aChunkedBodyCanBeCut() throws {
    let server = try serve(file.with { $0.length = .chunked }, .cut(after: 100))
    let result = try curl(to: server)
    #expect(result.exit == 18)
    #expect(result.body.count == 100)
  }

  @Test func eachAttemptHasItsPlannedStatus() throws {
    let date = HTTPDate.string(HTTPDate.now + 5)
    let server = try serve(
      file, .busy(retryAfter: "2"), .busy(429, retryAfter: date), .hangUp, .resetAtOnce,
      .page(200, headers: ["Content-Type": "text/html"], body: "<html>"))
    let results = try (1...6).map { _ in try curl(to: server) }
    #expect(results.map(\.status) == [503, 429, 0, 0, 200, 200])
    #expect(results.map(\.exit) == [0, 0, 52, 56, 0, 0])
    #expect(results[0].headers["Retry-After"] == "2")
    #expect(results[1].headers["Retry-After"] == date)
    #expect(results[4].body == Array("<html>".utf8))
    let down = try LoopbackServer(FileScript(file, otherwise: .busy()))
    for _ in 1...3 { #expect(try curl(to: down).status == 503) }
  }

  @Test func answersToRangesCanBeWrong() throws {
    let odd = Attempt.whole.with { $0.rangeShift = 5 }
    let relabelled = Attempt.whole.with { $0.status = 206 }
    let server = try serve(file, .ignoringRange, .contentRange("bytes 0-9/10"), .contentRange(""), odd, relabelled)
    let results = try (1...4).map { _ in try curl("--range", "100-199", to: server) } + [curl(to: server)]
    #expect(results.map(\.status) == [200, 206, 206, 206, 206])
    #expect(results.map { $0.headers["Content-Range"] } == [nil, "bytes 0-9/10", nil, "bytes 105-199/1000", nil])
    #expect(results.map(\.body.count) == [1000, 100, 100, 95, 1000])
  }

  @Test func aBodyCanDifferFromItsContentLength() throws {
    let server = try serve(file, .whole.with { $0.extraBytes = 7 }, .whole.with { $0.extraBytes = -7 })
    let results = try (1...2).map { _ in try curl("--ignore-content-length", to: server) }
    #expect(results.map(\.body.count) == [1007, 993])
    #expect(results.map { $0.headers["Content-Length"] } == ["1000", "1000"])
    let huge = try serve(file, .whole.with { $0.overrides = ["Content-Length": "4611686018427387904"] })
    #expect(try curl(to: huge).exit == 18)
  }

  @Test func theFileCanChangeBetweenRequests() throws {
    let script = FileScript(file)
    let server = try LoopbackServer(script)
    let newer = ServedFile([1, 2, 3], etag: "\"b\"")
    script.replace(with: newer, fromRequest: 2)
    #expect(try (1...3).map { _ in try curl(to: server).body.count } == [1000, 3, 3])
    script.replace(with: file)
    #expect(try curl(to: server).headers["ETag"] == "\"a\"")
    script.update { $0.otherwise = .busy() }
    #expect(try curl(to: server).status == 503)
    #expect(script.attempts == 5)
  }

  @Test func redirectsLeadToTheFileOrInALoop() throws {
    var router = Router(["/file": FileScript(file).answer])
    router.addRedirects(hops: 3, to: "/file")
    let server = try LoopbackServer(router)
    let result = try curl("--location", to: server, path: "/hop/1")
    #expect(result.redirects == 3)
    #expect(result.body == bytes)
    #expect(try curl(to: server, path: "/nowhere").status == 404)
    router.addRedirects(hops: 2, to: nil)
    #expect(try curl("--location", "--max-redirs", "9", to: LoopbackServer(router), path: "/hop/1").exit == 47)
    #expect(try curl("--location", to: serve(file, .redirect(to: "/other", status: 308))).status == 200)
  }

  @Test func headersCanBeHugeAndTheEncodingForeign() throws {
    let padded = try serve(
      file.with { $0.contentEncoding = "gzip" }, .whole.with { $0.padding = .init(lines: 20, length: 1000) })
    let result = try curl(to: padded)
    #expect(result.status == 200)
    #expect(result.head.utf8.count > 20_000)
    #expect(result.headers["Content-Encoding"] == "gzip")
    #expect(result.headers["X-Padding-19"] != nil)
    let giant = try serve(file, .whole.with { $0.padding = .init(lines: 1, length: 1 << 20) })
    #expect(try curl(to: giant).exit != 0)
  }

  @Test func aHugeBodyEndsWithItsClient() throws {
    let server = try serve(ServedFile(.zeros(10 << 30)))
    let client = try Curl(["--max-filesize", "1", server.url()])
    #expect(try client.finish().exit == 63)
    let endless = try serve(ServedFile(.zeros(10 << 30)).with { $0.length = .untilClose })
    let other = try Curl(["--limit-rate", "10M", endless.url()])
    try endless.waitFor(bytesSent: 3 << 20)
    other.kill()
    _ = try other.finish()
    #expect(try endless.waitForEnd(ofRequest: 1).outcome == .clientGone)
    #expect(endless.bytesSent < 1 << 30)
  }
}

/// Gates let the test decide when the server continues.
@Suite struct GateTests {
  @Test func aPauseLastsUntilItsGateOpens() throws {
    let first = Gate()
    let second = Gate()
    let attempt = Attempt.paused(at: 400, until: first).with { $0.pauses.append(.init(at: 600, until: second)) }
    let server = try serve(file, attempt)
    let client = try Curl([server.url()])
    try server.waitFor(bytesSent: 400, request: 1)
    #expect(server.bytesSent == 400)
    first.open()
    try server.waitFor(bytesSent: 600)
    #expect(server.bytesSent == 600)
    second.open()
    #expect(try client.finish().body == bytes)
  }

  @Test func aDownloadKilledAtSixtyPercentCanBeResumed() throws {
    let never = Gate()
    let big = ServedFile(.repeating(Array("0123456789".utf8), count: 50 << 20), lastModified: modified)
    let server = try serve(big, .paused(at: 30 << 20, until: never))
    let client = try Curl([server.url()])
    try server.waitFor(bytesSent: 30 << 20)
    client.kill()
    _ = try client.finish()
    #expect(try server.waitForEnd(ofRequest: 1).outcome == .clientGone)
    let rest = try curl("--range", "\(30 << 20)-", "-H", "If-Range: \(modified)", to: server)
    #expect(rest.status == 206)
    #expect(rest.body.count == 20 << 20)
    #expect(server.bytesSent == 50 << 20)
  }

  @Test func aSilentServerAnswersWhenItsGateOpens() throws {
    let gate = Gate()
    let server = try serve(file, .silent(until: gate))
    let client = try Curl([server.url()])
    try server.waitFor(requests: 1)
    #expect(server.wireBytesSent == 0)
    gate.open()
    #expect(try client.finish().body == bytes)
  }

  @Test func aTrickledBodyFollowsItsPace() throws {
    let turnstile = Turnstile(admitting: 2)
    let server = try serve(file, .trickling(10, pace: .turnstile(turnstile)))
    let client = try Curl([server.url()])
    try server.waitFor(bytesSent: 20)
    #expect(server.bytesSent == 20)
    turnstile.admit(1)
    try server.waitFor(bytesSent: 30)
    turnstile.admit(1000)
    #expect(try client.finish().body == bytes)
    let slow = try serve(file, .trickling(1, pace: .every(.milliseconds(20))))
    #expect(try curl("--max-time", "0.3", to: slow).exit == 28)
    try slow.waitUntilIdle()
    #expect(slow.bytesSent < 1000)
  }

  @Test func stoppingTheServerEndsAPausedAnswer() throws {
    let server = try serve(file, .paused(at: 1, until: Gate()))
    let client = try Curl([server.url()])
    try server.waitFor(bytesSent: 1)
    server.stop()
    #expect(server.exchanges.map(\.outcome) == [.stopped])
    #expect(try client.finish().exit == 18)
  }
}

@Suite struct HTTPDateTests {
  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, modified), (1_709_208_000, "Thu, 29 Feb 2024 12:00:00 GMT"),
    (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
  ])
  func aDateIsFormattedAndParsed(_ seconds: Int, _ text: String) {
    #expect(HTTPDate.string(seconds) == text)
    #expect(HTTPDate.seconds(text) == seconds)
  }

  @Test(arguments: ["", "soon", "Sun, 07 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"])
  func anInvalidDateIsRejected(_ text: String) {
    #expect(HTTPDate.seconds(text) == nil)
  }
}
