import FetchStage
import LoopbackServer
import Spool
import Support
import TLSProxy
import TestSupport
import Testing

/// Fetching from a TLS server, valid or not.
@Suite struct TLSTests {
  static let authority = Certificate("Authority of these tests", for: nil)
  static let other = Certificate("Another authority", for: nil)
  static let names = "IP:127.0.0.1,IP:127.0.0.2"
  static let good = Certificate("server", for: names, issuer: authority)
  static let file = ServedFile(WebFixture.source(rows: 1000), lastModified: WebFixture.old, etag: "\"v1\"")
    .with { $0.date = .afterLastModified(3600) }

  struct Site {
    let web: WebFixture
    let proxy: TLSProxy

    init(_ kind: TLSProxy.Kind, _ file: ServedFile = TLSTests.file, plan: [Attempt] = [], otherwise: Attempt = .whole)
      throws
    {
      web = try WebFixture(file, plan: plan, otherwise: otherwise)
      proxy = try TLSProxy(kind, to: web.server.port)
    }

    func fetch(through other: TLSProxy? = nil, login: String = "", _ change: (inout FetchSettings) -> Void = { _ in })
      throws -> End
    {
      let url = (other ?? proxy).url("/data.csv").replacing("https://", with: "https://" + login)
      let location = try FetchStage.SourceLocation(url, isArgument: false)
      let path = web.scratch.path + "/authority.pem"
      TLSTests.authority.write(to: path)
      return End {
        try web.fetch {
          ($0.location, $0.caFile) = (location, path)
          change(&$0)
        }
      }
    }
  }

  @Test(arguments: [TLSProxy.Version.tls12, .tls13])
  func aValidServerIsFetchedFromAndResumed(_ version: TLSProxy.Version) throws {
    let site = try Site(.tls(Self.good, newest: version), plan: [.cut(after: 120_000), .reset(after: 30_000)])
    let end = try site.fetch()
    let folder = try #require(end.folder, "\(end)")
    let fetched = try site.web.content(folder)
    #expect(fetched == site.web.bytes)
    #expect(site.web.server.requests.map { $0.headers["Range"] != nil } == [false, true, true])
    guard case .unchanged = try site.fetch() else {
      Issue.record("not unchanged")
      return
    }
  }

  struct Bad: CustomTestStringConvertible, Sendable {
    let what: String
    let kind: TLSProxy.Kind
    let says: String
    var testDescription: String { what }

    init(_ what: String, _ kind: TLSProxy.Kind, says: String) { (self.what, self.kind, self.says) = (what, kind, says) }

    init(_ what: String, _ names: String, _ validity: Certificate.Validity, by issuer: Certificate?, says: String) {
      self.init(what, .tls(Certificate("server", for: names, validity: validity, issuer: issuer)), says: says)
    }
  }

  static let bad = [
    Bad("untrusted", names, .now, by: other, says: "unable to get local issuer certificate"),
    Bad("self-signed", names, .now, by: nil, says: "self-signed certificate"),
    Bad("expired", names, .over, by: authority, says: "expired"),
    Bad("not yet valid", names, .notYet, by: authority, says: "not yet valid"),
    Bad("another address", "IP:127.0.0.3", .now, by: authority, says: "127.0.0.1"),
    Bad("another host", "DNS:eip.fia.gov.tw", .now, by: authority, says: "127.0.0.1"),
    Bad("issued by no authority", names, .now, by: good, says: "certificate"),
    Bad("TLS 1.1", .tls(good, newest: .tls11), says: "protocol version"),
    Bad("plain http", .says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), says: "wrong version number"),
  ]

  @Test(arguments: bad)
  func anInvalidServerIsRefusedWithoutARetry(_ bad: Bad) throws {
    let site = try Site(bad.kind)
    let end = try site.fetch()
    let failure = try #require(end.failure, "\(end)")
    #expect(failure.category == .unavailable, "\(failure)")
    #expect(failure.message.contains(bad.says) && failure.message.contains(site.proxy.url("/data.csv")), "\(failure)")
    #expect(
      failure.hints.contains { $0.description.contains("SSL_CERT_FILE") } || bad.says.contains("version"), "\(failure)")
    #expect(site.proxy.connections == 1, "no retry")
    #expect(site.web.server.requests.isEmpty, "no request was sent")
    #expect(try SpoolIndex.snapshots(site.web.spool).isEmpty)
    let mended = try TLSProxy(.tls(Self.good), to: site.web.server.port)
    let again = try site.fetch(through: mended)
    let folder = try #require(again.folder, "\(again)")
    let fetched = try site.web.content(folder)
    #expect(fetched == site.web.bytes)
  }

  /// A fatal alert, the first bytes from the server.
  private static func alert(_ number: UInt8) -> TLSProxy.Kind {
    .says("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\(Character(UnicodeScalar(number)))")
  }

  /// A ServerHello of TLS 1.2 without the extension for secure renegotiation (RFC 5746): version, random, no session,
  /// TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
  private static let legacyHello =
    "\u{16}\u{3}\u{3}\u{0}\u{2A}\u{2}\u{0}\u{0}\u{26}\u{3}\u{3}" + String(repeating: "A", count: 32)
    + "\u{0}\u{0}\u{2F}\u{0}"

  /// Alerts that describe the configuration of server or client: RFC 8446, section 6.2.
  @Test(arguments: [40, 42, 43, 44, 45, 46, 48, 49, 70, 71, 86, 112, 116, 120] as [UInt8])
  func anAlertAboutTheConfigurationIsNotRetried(_ number: UInt8) throws {
    let reason = String(1000 + Int(number), radix: 16, uppercase: true)
    // libcurl takes certificate_expired for an error of the server's certificate.
    try expectRefusal(by: Self.alert(number), says: number == 45 ? "curl 60" : "error:0A000\(reason)")
  }

  @Test func insecureRenegotiationIsNotRetried() throws {
    try expectRefusal(by: .says(Self.legacyHello), says: "error:0A000152")
  }

  /// TLS 1.3 refuses the client after the handshake, when it already reads the response.
  @Test(arguments: [TLSProxy.Version.tls12, .tls13])
  func aServerThatRequiresACertificateIsNotRetried(_ version: TLSProxy.Version) throws {
    try expectRefusal(
      by: .tls(Self.good, newest: version, requiresLogin: true),
      says: version == .tls13 ? "error:0A00045C" : "error:0A000410")
  }

  private func expectRefusal(by kind: TLSProxy.Kind, says: String) throws {
    let site = try Site(kind)
    let end = try site.fetch()
    let failure = try #require(end.failure, "\(end)")
    #expect(failure.category == .unavailable && failure.message.contains(says), "\(failure)")
    #expect(site.proxy.connections == 1, "no retry")
    #expect(try SpoolIndex.snapshots(site.web.spool).isEmpty)
  }

  /// bad_record_mac, decode_error, internal_error and user_canceled: damage on the way, or trouble of one machine.
  @Test(arguments: [20, 50, 80, 90] as [UInt8])
  func anAlertThatMayBeTemporaryIsRetried(_ number: UInt8) throws {
    let site = try Site(Self.alert(number))
    let failure = try #require(try site.fetch().failure)
    #expect(failure.category == .temporary, "\(failure)")
    #expect(site.proxy.connections == 4)
  }

  @Test func aHandshakeThatBreaksOffIsRetried() throws {
    let site = try Site(.says(""))
    let failure = try #require(try site.fetch().failure)
    #expect(failure.category == .temporary, "\(failure)")
    #expect(site.proxy.connections == 4)
    #expect(try SpoolIndex.snapshots(site.web.spool).isEmpty)
  }

  @Test func anUnreadableCertificateFileIsNamed() throws {
    let site = try Site(.tls(Self.good))
    let failure = try #require(try site.fetch { $0.caFile = "/nonexistent/authority.pem" }.failure)
    #expect(failure.category == .unavailable && failure.message.contains("/nonexistent/authority.pem"), "\(failure)")
    #expect(site.web.server.requests.isEmpty)
  }

  /// An attacker can cut the connection, but cannot forge TLS's close_notify: without it, the end of the connection is
  /// not the end of the answer.
  @Test(arguments: ServedFile.Length.allCases)
  func anEndWithoutCloseNotifyIsACut(_ length: ServedFile.Length) throws {
    // The rest is fetched as a range, whose header gives the size of the source.
    let site = try Site(
      .tls(Self.good, abrupt: true), Self.file.with { $0.length = length }, plan: [.cut(after: 120_000)])
    let end = try site.fetch()
    let folder = try #require(end.folder, "\(end)")
    let fetched = try site.web.content(folder)
    #expect(fetched == site.web.bytes)
    #expect(site.web.server.requests.map { $0.headers["Range"] != nil } == [false, true])
  }

  @Test(arguments: [TLSProxy.Version.tls12, .tls13])
  func withoutALengthOnlyCloseNotifyEndsTheAnswer(_ version: TLSProxy.Version) throws {
    let file = ServedFile(WebFixture.source(rows: 1000)).with { $0.length = .untilClose }
    let answers: [Attempt] = [
      // Nothing is missing, but that cannot be known.
      .whole, .cut(after: 120_000),
      .raw("HTTP/1.0 200 OK\r\n\r\n", then: Content(WebFixture.source(rows: 148))),
      // libcurl ignores Content-Length if there is a Transfer-Encoding.
      .raw(
        "HTTP/1.1 200 OK\r\nContent-Length: \(file.content.count)\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n",
        then: Content(WebFixture.source(rows: 148))),
    ]
    for answer in answers {
      let site = try Site(.tls(Self.good, newest: version, abrupt: true), file, otherwise: answer)
      let end = try site.fetch()
      let failure = try #require(end.failure, "\(end)")
      #expect(failure.category == .temporary && failure.message.contains("close_notify"), "\(failure)")
      #expect(site.web.server.requests.count == 4)
      for id in try SpoolIndex.snapshots(site.web.spool) {
        let folder = SnapshotFolder(spool: site.web.spool, id: id)
        #expect(try FetchManifest.read(at: folder.fetchManifest) == nil)
      }
      site.web.script.update { ($0.plan, $0.otherwise) = ([], .whole) }
      let closed = try TLSProxy(.tls(Self.good, newest: version), to: site.web.server.port)
      let again = try site.fetch(through: closed)
      let folder = try #require(again.folder, "\(again)")
      let fetched = try site.web.content(folder)
      #expect(fetched == site.web.bytes)
    }
  }

  /// libcurl stores a pointer in the TLS session and follows it when a session ticket arrives.
  @Test(arguments: [ServedFile.Length.contentLength, .untilClose])
  func sessionTicketsDuringAnAnswerAreHarmless(_ length: ServedFile.Length) throws {
    let site = try Site(.tls(Self.good, tickets: true), Self.file.with { $0.length = length })
    let end = try site.fetch()
    let folder = try #require(end.folder, "\(end)")
    let fetched = try site.web.content(folder)
    #expect(fetched == site.web.bytes)
  }

  /// For other answers than the source, the status decides, not the body.
  @Test(
    arguments: [
      ("redirect", "HTTP/1.0 302 Found\r\nLocation: /b.csv\r\n\r\nmoved", nil),
      ("half a location", "HTTP/1.0 302 Found\r\nLocation: /b.cs", .temporary),
      ("no such file", "HTTP/1.0 404 Not Found\r\n\r\nno", .unavailable),
      ("a busy server", "HTTP/1.0 503 Busy\r\n\r\nno", .temporary),
    ] as [(String, String, ExitCategory?)])
  func theStatusDecidesWithoutLengthOrCloseNotify(_ what: String, _ answer: String, _ category: ExitCategory?) throws {
    let site = try Site(
      .tls(Self.good, abrupt: true), plan: Array(repeating: .raw(answer, then: Content("")), count: 4))
    if category == nil { site.web.script.update { $0.plan = Array($0.plan.prefix(1)) } }
    let end = try site.fetch()
    #expect(end.failure?.category == category, "\(what): \(end)")
    #expect(site.web.server.requests.last?.path == (category == nil ? "/b.csv" : "/data.csv"), "\(what)")
  }

  // MARK: Redirects

  /// The password is only sent to the host of the URL that contains it.
  @Test func aRedirectToAnotherHostWorksWithoutTheLogin() throws {
    for isSame in [true, false] {
      let target = try Site(.tls(Self.good))
      let elsewhere = try TLSProxy(.tls(Self.good), to: target.web.server.port, host: "127.0.0.2")
      let first = try Site(
        .tls(Self.good), plan: [.redirect(to: isSame ? "/b.csv" : elsewhere.url("/b.csv"))])
      let end = try first.fetch(login: "user:sesame@")
      let folder = try #require(end.folder, "\(end)")
      let fetched = try first.web.content(folder)
      #expect(fetched == first.web.bytes)
      let requests = first.web.server.requests + target.web.server.requests
      #expect(requests.map(\.path) == ["/data.csv", "/b.csv"])
      #expect(requests.map { $0.headers["Authorization"] != nil } == [true, isSame])
      #expect(requests.allSatisfy { !$0.target.contains("sesame") })
    }
  }

  /// A server that answers only requests with its cookie, and sets it with a redirect to the same URL.
  @Test func aCookieFromARedirectIsSentBackWithinTheDownload() throws {
    let redirect = Attempt.whole.with {
      $0.answer = .page(
        status: 302, headers: ["Location": "/data.csv", "Set-Cookie": "pass=sesame; Path=/; Secure"], body: Content(""))
    }
    let site = try Site(.tls(Self.good), plan: [redirect, .cut(after: 120_000), redirect, .whole])
    let folder = try #require(try site.fetch().folder)
    let fetched = try site.web.content(folder)
    #expect(fetched == site.web.bytes)
    // Each attempt follows the redirects again, and gets the cookie again.
    #expect(site.web.server.requests.map { $0.headers["Cookie"] } == [nil, "pass=sesame", nil, "pass=sesame"])
    #expect(site.web.server.requests.map { $0.headers["Range"] != nil } == [false, false, true, true])
    // The next download has no cookie, and no file has one.
    guard case .unchanged = try site.fetch() else {
      Issue.record("not unchanged")
      return
    }
    #expect(site.web.server.requests.last?.headers["Cookie"] == nil)
    for path in [folder.downloadManifest, folder.fetchManifest] {
      let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
      #expect(!text.contains("sesame"), "\(path)")
    }
  }

  @Test func aCookieIsNotSentToAnotherHost() throws {
    let target = try Site(.tls(Self.good))
    let elsewhere = try TLSProxy(.tls(Self.good), to: target.web.server.port, host: "127.0.0.2")
    let first = try Site(
      .tls(Self.good),
      plan: [
        .whole.with {
          $0.answer = .page(
            status: 302, headers: ["Location": elsewhere.url("/b.csv"), "Set-Cookie": "pass=sesame; Path=/"],
            body: Content(""))
        }
      ])
    let folder = try #require(try first.fetch().folder)
    let fetched = try first.web.content(folder)
    #expect(fetched == first.web.bytes)
    #expect(target.web.server.requests.map(\.path) == ["/b.csv"])
    #expect(target.web.server.requests.allSatisfy { $0.headers["Cookie"] == nil })
  }

  struct Turn: CustomTestStringConvertible, Sendable {
    let what: String
    let answer: Attempt
    var category = ExitCategory.unavailable
    let says: String
    var requests = 1
    var testDescription: String { what }

    init(to location: String) {
      (what, answer, says) = (location, .redirect(to: location), "not https")
    }

    init(_ what: String, _ answer: Attempt, _ category: ExitCategory = .unavailable, says: String, requests: Int = 1) {
      (self.what, self.answer, self.category, self.says, self.requests) = (what, answer, category, says, requests)
    }
  }

  @Test(arguments: [
    Turn(to: "http://127.0.0.1:9/x"), Turn(to: "http://example.org/x"), Turn(to: "ftp://127.0.0.1/x"),
    Turn(to: "file:///etc/passwd"), Turn(to: "gopher://127.0.0.1:9/x"), Turn(to: "HTTP://127.0.0.1:9/x"),
    Turn("a loop", .redirect(to: "/data.csv"), says: "redirects", requests: 6),
    Turn("a port that is none", .redirect(to: "https://127.0.0.1:99999/x"), says: "(curl 3)"),
    Turn("no host", .redirect(to: "https://"), says: "(curl 3)"),
    Turn("no place", .page(302), says: "answers 302"),
    Turn(
      "10 GB beside it",
      .raw("HTTP/1.1 302 No\r\nLocation: /b\r\nContent-Length: 9999999999\r\n\r\n", then: .zeros(10 << 30)), .data,
      says: "in the body of a redirect"),
  ])
  func aBadRedirectIsRefused(_ turn: Turn) throws {
    let site = try Site(.tls(Self.good), otherwise: turn.answer)
    let end = try site.fetch()
    let failure = try #require(end.failure, "\(end)")
    #expect(failure.category == turn.category && failure.message.contains(turn.says), "\(failure)")
    #expect(site.web.server.requests.count == turn.requests)
    #expect(site.web.server.wireBytesSent < 16 << 20)
    #expect(try SpoolIndex.snapshots(site.web.spool).isEmpty)
  }

  @Test func aRedirectToABadCertificateIsRefused() throws {
    let target = try Site(.tls(Certificate("server", for: Self.names, validity: .over, issuer: Self.authority)))
    let site = try Site(.tls(Self.good), otherwise: .redirect(to: target.proxy.url()))
    let failure = try #require(try site.fetch().failure)
    #expect(failure.category == .unavailable && failure.message.contains("expired"), "\(failure)")
    #expect(target.web.server.requests.isEmpty)
  }
}
