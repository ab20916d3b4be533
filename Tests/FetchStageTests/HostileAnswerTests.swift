import CommandKit
import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// Answers that are not the source; each is given to every request until the server recovers.
@Suite struct HostileAnswerTests {
  struct Hostile: CustomTestStringConvertible, Sendable {
    let what: String
    let answer: Attempt
    let category: ExitCategory
    /// A part of the expected message.
    let says: String
    /// The most bytes of all answers that the server's kernel may take; up to 8 MB of them lie in socket buffers.
    var bytesMax = 16 << 20
    var file = ServedFile(HostileAnswerTests.good)
    var testDescription: String { what }

    init(_ what: String, _ category: ExitCategory, _ says: String, _ answer: Attempt) {
      (self.what, self.answer, self.category, self.says) = (what, answer, category, says)
    }

    /// A complete answer, byte for byte.
    init(_ what: String, _ category: ExitCategory, _ says: String, raw: String, then content: Content = Content("")) {
      self.init(what, category, says, .raw(raw, then: content))
    }

    /// The file with these headers.
    init(_ what: String, _ category: ExitCategory, _ says: String, headers: String) {
      self.init(
        what, category, says, raw: "HTTP/1.1 200 OK\r\n\(headers)\r\n\r\n", then: Content(HostileAnswerTests.good))
    }

    /// The file after these chunk headers.
    init(_ what: String, chunks: String) {
      self.init(
        what, .temporary, "(curl ", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)",
        then: Content(HostileAnswerTests.good))
    }

    /// An endless body, or nearly so.
    init(_ what: String, _ says: String, endless content: Content, _ length: ServedFile.Length) {
      self.init(what, .data, says, .whole)
      file = ServedFile(content).with { $0.length = length }
      bytesMax = 32 << 20
    }
  }

  static let good = WebFixture.source(rows: 10)
  static let header = Array("統一編號,營業人名稱\n".utf8)
  static let length = "Content-Length: \(good.count)"

  static let noHTTP: [Hostile] = [
    Hostile("a greeting of another protocol", .unavailable, "HTTP/0.9", raw: "SSH-2.0-OpenSSH_9.2\r\n"),
    Hostile("garbage", .unavailable, "HTTP/0.9", raw: "\u{0}\u{1}\u{2}garbage\r\n\r\n"),
    Hostile("an empty line", .unavailable, "HTTP/0.9", raw: "\r\n\r\n"),
    Hostile(
      "a status that is none", .unavailable, "HTTP version", raw: "HTTP/1.1 abc OK\r\n\(length)\r\n\r\n",
      then: Content(good)),
    Hostile(
      "a version that is none", .unavailable, "HTTP version", raw: "HTTP/9.9 200 OK\r\n\(length)\r\n\r\n",
      then: Content(good)),
    Hostile(
      "only interim answers", .temporary, "Empty reply", raw: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n"),
    Hostile("nothing at all", .temporary, "Empty reply", .hangUp),
    Hostile("a reset", .temporary, "reset", .resetAtOnce),
    Hostile(
      "interim answers without end", .data, "more than 65536 bytes of headers", raw: "",
      then: .repeating(Array("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n".utf8), count: 1 << 30)),
    Hostile(
      "headers without end", .data, "more than 65536 bytes of headers", raw: "HTTP/1.1 200 OK\r\n",
      then: .repeating(Array("X-Padding: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".utf8), count: 1 << 30)),
    Hostile(
      "a header without end", .data, "header", raw: "HTTP/1.1 200 OK\r\nX: ",
      then: .repeating([0x78], count: 1 << 30)),
    Hostile(
      "a status line without end", .data, "header", raw: "HTTP/1.1 200 ", then: .repeating([0x78], count: 1 << 30)),
    Hostile(
      "trailers without end", .data, "more than 65536 bytes of headers",
      raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n",
      then: .repeating(Array("X-Padding: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".utf8), count: 1 << 30)),
    Hostile("a NUL in a header", .unavailable, "Nul byte", headers: "X: a\u{0}b\r\n\(length)"),
  ]

  static let lengths: [Hostile] = [
    Hostile("a negative length", .unavailable, "Content-Length", headers: "Content-Length: -5"),
    Hostile("a length in words", .unavailable, "Content-Length", headers: "Content-Length: many"),
    Hostile("a length with a tail", .unavailable, "Content-Length", headers: "Content-Length: \(good.count)abc"),
    Hostile("an empty length", .unavailable, "Content-Length", headers: "Content-Length: "),
    Hostile("two lengths", .unavailable, "Content-Length", headers: "\(length)\r\nContent-Length: 7"),
    Hostile("two lengths, the other first", .unavailable, "Content-Length", headers: "Content-Length: 7\r\n\(length)"),
    Hostile("a length of 2^63 - 1", .data, "more than --max-bytes", headers: "Content-Length: 9223372036854775807"),
    Hostile("a length of 2^63", .unavailable, "'9223372036854775808'", headers: "Content-Length: 9223372036854775808"),
    Hostile(
      "a length of 2^64 and a little", .unavailable, "'18446744073709551700'",
      headers: "Content-Length: 18446744073709551700"),
    Hostile(
      "a length of 23 digits", .unavailable, "'99999999999999999999999'",
      headers: "Content-Length: 99999999999999999999999"),
    Hostile("more than --max-bytes", .data, "more than --max-bytes", headers: "Content-Length: 4294967297"),
    Hostile("fewer bytes than promised", .temporary, "1 bytes remaining", .whole.with { $0.extraBytes = -1 }),
    Hostile("a chunk that is cut", chunks: String(good.count + 9, radix: 16) + "\r\n"),
    Hostile("chunks without the last", chunks: String(good.count, radix: 16) + "\r\n"),
    Hostile("a chunk size that is none", chunks: "zz\r\n"),
    Hostile("a negative chunk size", chunks: "-5\r\n"),
    Hostile("a chunk size of 2^68", chunks: "fffffffffffffffff\r\n"),
    Hostile("a chunk size that is too small", chunks: "5\r\n"),
    Hostile("a transfer coding", .data, "coding", headers: "Transfer-Encoding: gzip\r\nConnection: close"),
    Hostile("a content coding", .data, "'gzip'", headers: "Content-Encoding: gzip\r\n\(length)"),
    Hostile("two content codings", .data, "'br'", headers: "Content-Encoding: br\r\nContent-Encoding: identity"),
    Hostile(
      "a coding in a list", .data, "'gzip'", headers: "Content-Encoding: identity,\taws-chunked ,GZip\r\n\(length)"),
    Hostile(
      "a coding beside 30 KB that would write on the terminal", .data, "'zstd'",
      headers: "Content-Encoding: \u{1B}]0;\(String(repeating: "z", count: 30_000)), zstd"),
  ]

  static let refusedStatuses = [
    201, 202, 203, 204, 205, 206, 300, 301, 304, 305, 400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 416, 451, 499,
    600,
    999,
  ]

  static let statuses: [Hostile] =
    refusedStatuses.map { Hostile("\($0) to a plain request", .unavailable, "answers \($0)", .page($0)) }
    + [408, 429, 500, 502, 503, 504, 599].map {
      Hostile("\($0) for ever", .temporary, "answers \($0); gave up after 4 attempts", .page($0))
    }
    + [
      Hostile("206 with the file", .unavailable, "206", .whole.with { $0.status = 206 }),
      Hostile("404 with 10 GB", .unavailable, "404", .raw("HTTP/1.1 404 No\r\n\r\n", then: .zeros(10 << 30))),
      Hostile("503 with 10 GB", .temporary, "503", .raw("HTTP/1.1 503 No\r\n\r\n", then: .zeros(10 << 30))),
    ]

  static let bodies: [Hostile] = [
    Hostile("nothing", .data, "empty", .page(200)),
    Hostile("a login page", .data, "HTML", .page(200, body: "<!DOCTYPE html><html>log in</html>")),
    Hostile("a login page in pieces", .data, "HTML", raw: "HTTP/1.1 200 OK\r\n\r\n  \r\n<html>"),
    Hostile(
      "gzip that is cut off", .data, "cut off", raw: "HTTP/1.1 200 OK\r\n\r\n",
      then: Content([0x1F, 0x8B, 8, 0, 0])),
    Hostile(
      "a zip archive that is cut off", .data, "cut off", raw: "HTTP/1.1 200 OK\r\n\r\n",
      then: Content([0x50, 0x4B, 3, 4, 20, 0])),
    Hostile("another table", .data, "統一編號", .page(200, body: "a,b\n1,2\n")),
    Hostile("10 GB of zeros", "more than --max-bytes", endless: .zeros(10 << 30), .contentLength),
    Hostile("10 GB of zeros in pieces", "refused", endless: .zeros(10 << 30), .chunked),
    Hostile("10 GB of zeros without a length", "refused", endless: .zeros(10 << 30), .untilClose),
    Hostile("a line of 3 GB", "refused", endless: .repeating([0x61], count: 3 << 30), .contentLength),
    Hostile("lines without end that are no CSV", "more than 100000 lines", .init(then: Array("a,\"b\"c\n".utf8))),
    Hostile("a line of 3 GB behind the header", "does not end within 16 MiB", .init(then: [0x61])),
    Hostile("zeros without end behind the header", "does not end within 16 MiB", .init(then: [0])),
    Hostile("a quoted field without end", "does not end within 16 MiB", .init(then: Array("\"aaaaaaa".utf8))),
    Hostile("a carriage return without end", "does not end within 16 MiB", .init(then: [0x0D])),
  ]

  @Test(arguments: noHTTP + lengths + statuses + bodies)
  func hostileAnswersEndWithTheRightExitCode(_ hostile: Hostile) throws {
    let web = try WebFixture(hostile.file, otherwise: hostile.answer)
    let end = End { try web.fetch() }
    let failure = try #require(end.failure, "\(end)")
    #expect(failure.category == hostile.category, "\(failure)")
    #expect(failure.message.contains(hostile.says), "\(failure)")
    #expect(failure.message.utf8.count < 500 && !failure.message.contains("\n"), "\(failure)")
    #expect(!failure.hints.isEmpty && failure.hints.allSatisfy { !$0.description.isEmpty }, "\(failure)")
    // Only retryable errors are retried, three times.
    #expect(web.server.requests.count == (hostile.category == .temporary ? 4 : 1))
    #expect(web.server.wireBytesSent <= hostile.bytesMax, "\(web.server.wireBytesSent)")
    // Only finished chunks are left, and no complete snapshot.
    for id in try SpoolIndex.snapshots(web.spool) {
      let folder = SnapshotFolder(spool: web.spool, id: id)
      #expect(try FetchManifest.read(at: folder.fetchManifest) == nil)
      #expect(try Folder.names(folder.fetchFolder).allSatisfy { !$0.hasSuffix(".tmp") })
    }
    web.script.replace(with: ServedFile(Self.good, etag: "\"good\""))
    try web.expectRecovery(hostile.what)
  }

  /// Unusual but harmless answers: the source is fetched byte for byte.
  @Test(arguments: [
    ("more bytes than promised", Attempt.whole.with { $0.extraBytes = 500 }),
    ("the same length twice", .raw("HTTP/1.1 200 OK\r\n\(length)\r\n\(length)\r\n\r\n", then: Content(good))),
    (
      "a length beside chunks",
      .raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n\(String(good.count, radix: 16))\r\n",
        then: Content(good + Array("\r\n0\r\n\r\n".utf8)))
    ),
    ("bare line feeds", .raw("HTTP/1.1 200 OK\n\(length)\n\n", then: Content(good))),
    ("no reason", .raw("HTTP/1.1 200\r\n\(length)\r\n\r\n", then: Content(good))),
    ("HTTP/1.0", .raw("HTTP/1.0 200 OK\r\n\(length)\r\n\r\n", then: Content(good))),
    (
      "interim answers first",
      .raw("HTTP/1.1 103 Hints\r\nETag: \"x\"\r\n\r\nHTTP/1.1 200 OK\r\n\(length)\r\n\r\n", then: Content(good))
    ),
    (
      "a status line among the headers",
      .raw("HTTP/1.1 200 OK\r\n\(length)\r\nHTTP/1.1: 404\r\n\r\n", then: Content(good))
    ),
    ("60 KB of headers", .whole.with { $0.padding = .init(lines: 60, length: 1000) }),
    ("no content type, and cookies", .whole.with { $0.overrides = ["Content-Type": "", "Set-Cookie": "a=b"] }),
  ])
  func unusualButValidAnswersAreFetched(_ what: String, _ answer: Attempt) throws {
    let web = try WebFixture(ServedFile(Self.good), otherwise: answer)
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == Self.good)
    #expect(web.server.requests.count == 1)
    #expect(web.server.requests.allSatisfy { $0.headers["Cookie"] == nil })
  }

  /// Values of Content-Encoding that real servers send with plain bytes.
  @Test(arguments: [
    "", "identity", "Identity", "identity, identity", "identity\r\nContent-Encoding: identity", "aws-chunked",
    "identity, aws-chunked", "UTF-8", "none", "binary", "\u{1B}]0;z",
  ])
  func aContentEncodingThatCodesNothingIsAccepted(_ value: String) throws {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(value)\r\n\(Self.length)\r\n\r\n"
    let web = try WebFixture(ServedFile(Self.good), otherwise: .raw(head, then: Content(Self.good)))
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == Self.good)
  }

  @Test(arguments: ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "X-Compress"])
  func aContentCodingIsRefused(_ coding: String) throws {
    let answer = Attempt.whole.with { $0.overrides = ["Content-Encoding": coding] }
    let web = try WebFixture(ServedFile(Self.good), otherwise: answer)
    let failure = try #require(End { try web.fetch() }.failure)
    #expect(failure.category == .data && failure.message.contains("'\(coding.lowercased())'"), "\(failure)")
    #expect(web.server.requests.count == 1)
  }

  /// Validators are sent back to the server unchanged, so they must not contain a line end.
  @Test func aValidatorWithALineEndIsIgnored() throws {
    let evil = "\"a\rX-Evil: 1\""
    let file = ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old + "\rX-Evil: 2", etag: evil)
    let web = try WebFixture(file, plan: [.cut(after: 120_000)])
    let folder = try web.fetch().expectFetched()
    #expect(try web.content(folder) == web.bytes)
    guard case .unchanged = End({ try web.fetch() }) else {
      Issue.record("not unchanged")
      return
    }
    #expect(web.server.requests.count == 3)
    for request in web.server.requests {
      for name in ["Range", "If-Range", "If-None-Match", "If-Modified-Since"] { #expect(request.headers[name] == nil) }
    }
  }

  @Test(arguments: [
    ("0", 4), ("-5", 4), ("soon", 4), ("1.5", 4), ("", 4), ("0x7", 4), (WebFixture.old, 4),
    ("61", 1), ("1000000000", 1), ("9223372036854775807", 1), ("99999999999999999999999", 1),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 1), ("Sun, 06 Nov 2094 08:49:37 GMT", 1),
  ])
  func retryAfterIsHonouredUpToAMinute(_ retryAfter: String, _ requests: Int) throws {
    for status in [429, 503] {
      let web = try WebFixture(ServedFile(Self.good), otherwise: .busy(status, retryAfter: retryAfter))
      let failure = try #require(End { try web.fetch() }.failure)
      #expect(failure.category == .temporary, "\(failure)")
      #expect(failure.message.contains(requests == 1 ? "asks to wait" : "after 4 attempts"), "\(failure)")
      #expect(web.server.requests.count == requests)
      try web.expectRecovery(retryAfter)
    }
  }

  /// In seconds, and as a date relative to the server's own Date header.
  @Test func retryAfterIsHonoured() throws {
    let date = Headers.Field("Date", WebFixture.old)
    let later = HTTPDate.string(HTTPDate.seconds(WebFixture.old)! + 1)
    for headers in [Headers([.init("Retry-After", "1")]), Headers([date, .init("Retry-After", later)])] {
      let web = try WebFixture(ServedFile(Self.good), plan: [.page(503, headers: headers, body: "later")])
      let started = Timestamp.monotonicSeconds()
      _ = try web.fetch().expectFetched()
      #expect(Timestamp.monotonicSeconds() - started >= 1)
      #expect(web.server.requests.count == 2)
      // But not beyond the time limit of all attempts together.
      let hurried = try WebFixture(ServedFile(Self.good), otherwise: .page(503, headers: headers, body: "later"))
      let failure = try #require(End { try hurried.fetch { $0.secondsMax = 0.9 } }.failure)
      #expect(failure.category == .temporary && failure.message.contains("within"), "\(failure)")
      #expect(hurried.server.requests.count == 1)
    }
  }
}

extension HostileAnswerTests.Hostile {
  /// A body that begins like the registry and is endless.
  struct Body {
    var then: [UInt8]
  }

  fileprivate init(_ what: String, _ says: String, _ body: Body) {
    self.init(
      what, .data, says, raw: "HTTP/1.1 200 OK\r\n\r\n統一編號,營業人名稱\n", then: .repeating(body.then, count: 3 << 30))
    bytesMax = 40 << 20
  }
}
