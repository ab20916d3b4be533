import Glibc
import LoopbackServer
import Spool
import TLSProxy
import TestSupport
import Testing

/// `fetch` against hostile servers: exit codes, memory, certificates, proxies.
@Suite struct HostileServerTests {
  static let bytes = Array(Source.plain(rows: 100).utf8)

  // MARK: Memory

  struct Flood: CustomTestStringConvertible, Sendable {
    let what: String
    let answer: Attempt
    let code: Int32
    let says: String
    var options: [String] = []
    var testDescription: String { what }

    /// - Parameter begin: the start of the answer, before the endless bytes.
    init(_ what: String, _ begin: String, _ then: [UInt8], gigabytes: Int, says: String, _ options: String...) {
      (self.what, self.says, self.options, code) = (what, says, options, 65)
      answer = .raw("HTTP/1.1 200 OK\r\n" + begin, then: .repeating(then, count: gigabytes << 30))
    }
  }

  static let header = "\r\n統一編號,營業人名稱\n"

  /// The process may use 96 MiB of data memory (`ulimit -d`).
  @Test(arguments: [
    Flood("10 GB of zeros", "\r\n", [0], gigabytes: 10, says: "refused"),
    Flood("10 GB of zeros behind a header", header, [0], gigabytes: 10, says: "16 MiB"),
    Flood("a line of 3 GB", header, [0x61], gigabytes: 3, says: "16 MiB"),
    Flood("a quoted field of 3 GB", header, Array("\"a,\"\"b".utf8), gigabytes: 3, says: "16 MiB"),
    Flood("a header line of 3 GB", "X: ", [0x61], gigabytes: 3, says: "header"),
    Flood("3 GB of headers", "", Array("X: aaaaaaaa\r\n".utf8), gigabytes: 3, says: "65536 bytes of headers"),
    Flood("3 GB of short records", header, [0x61, 0x0A], gigabytes: 3, says: "20000000", "--max-bytes", "20000000"),
  ])
  func aFloodEndsInBoundedMemory(_ flood: Flood) throws {
    let workshop = CommandSandbox()
    let script = FileScript(ServedFile(Self.bytes), otherwise: flood.answer)
    let server = try LoopbackServer(script)
    func fetch() throws -> Ended {
      var command = workshop.command("fetch", ["--source", server.url("/a.csv")] + flood.options)
      command.arguments = ["-c", "ulimit -d 98304 && exec \"$@\"", "sh", command.program] + command.arguments
      command.program = "/bin/sh"
      return try command.run()
    }
    expect(try fetch(), from: "fetch", fails: flood.code, saying: flood.says)
    #expect(server.requests.count == 1)
    // The bytes that were read, plus those in socket buffers.
    #expect(server.wireBytesSent < 40 << 20, "\(server.wireBytesSent)")
    for snapshot in try workshop.snapshots { #expect(try SpoolFile.size(snapshot.fetchManifest) == nil) }
    script.update { $0.otherwise = .whole }
    let again = try fetch()
    #expect(again.code == 0, "\(again)")
    let snapshot = try #require(try workshop.snapshots.last)
    let fetched = try source(snapshot)
    #expect(fetched == Self.bytes)
  }

  // MARK: Certificates

  @Test func aPrivateAuthorityIsTrustedByVariable() throws {
    let authority = Certificate("Authority of a company", for: nil)
    let server = try LoopbackServer(FileScript(ServedFile(Self.bytes)))
    let good = try TLSProxy(.tls(Certificate("good", for: "IP:127.0.0.1", issuer: authority)), to: server.port)
    let expired = try TLSProxy(
      .tls(Certificate("expired", for: "IP:127.0.0.1", validity: .over, issuer: authority)), to: server.port)
    let workshop = CommandSandbox()
    let (file, folder) = (workshop.scratch.path + "/authority.pem", workshop.scratch.path + "/authorities")
    mkdir(folder, 0o755)
    authority.write(to: file)
    authority.write(to: folder + "/" + authority.hashedName)

    let unknown = try workshop.run("fetch", "--source", good.url())
    expect(unknown, from: "fetch", fails: 69, saying: "local issuer certificate")
    #expect(unknown.stderr.contains("SSL_CERT_FILE"))
    expect(
      try workshop.run("fetch", "--source", expired.url(), variables: ["SSL_CERT_FILE": file]), from: "fetch",
      fails: 69,
      saying: "expired")
    expect(
      try workshop.run("fetch", "--source", good.url(), variables: ["SSL_CERT_FILE": "/nonexistent"]), from: "fetch",
      fails: 69, saying: "/nonexistent")
    #expect(server.requests.isEmpty)
    #expect(try workshop.snapshots.isEmpty)

    for variables in [["SSL_CERT_FILE": file], ["SSL_CERT_DIR": folder]] {
      let workshop = CommandSandbox()
      let ended = try workshop.run("fetch", "--source", good.url(), variables: variables)
      #expect(ended.code == 0, "\(ended)")
      let fetched = try source(workshop.snapshot())
      #expect(fetched == Self.bytes)
    }
  }

  /// Even if OpenSSL's system-wide configuration allows it.
  @Test func anOldTLSIsRefused() throws {
    let authority = Certificate("Authority", for: nil)
    let server = try LoopbackServer(FileScript(ServedFile(Self.bytes)))
    let certificate = Certificate("old", for: "IP:127.0.0.1", issuer: authority)
    let workshop = CommandSandbox()
    let variables = [
      "SSL_CERT_FILE": workshop.file("", "authority.pem"),
      "OPENSSL_CONF": workshop.file(
        """
        openssl_conf = all
        [all]
        ssl_conf = ssl
        [ssl]
        system_default = lax
        [lax]
        MinProtocol = TLSv1
        CipherString = DEFAULT@SECLEVEL=0

        """, "openssl.cnf"),
    ]
    authority.write(to: workshop.scratch.path + "/authority.pem")
    let old = try TLSProxy(.tls(certificate, newest: .tls11), to: server.port)
    expect(
      try workshop.run("fetch", "--source", old.url(), variables: variables), from: "fetch", fails: 69,
      saying: "version")
    #expect(old.connections == 1 && server.requests.isEmpty)
    let new = try TLSProxy(.tls(certificate, newest: .tls12), to: server.port)
    try workshop.succeed("fetch", "--source", new.url(), variables: variables)
  }

  // MARK: Proxies

  /// Plain http is only allowed on this machine, and a proxy could be another machine.
  @Test func plainHTTPUsesNoProxy() throws {
    let proxy = try LoopbackServer(FileScript(ServedFile(Self.bytes)))
    let server = try LoopbackServer(FileScript(ServedFile(Self.bytes)))
    let url = server.url("/a.csv")
    for variable in ["http_proxy", "all_proxy", "https_proxy", "HTTP_PROXY"] {
      let workshop = CommandSandbox()
      try workshop.succeed("fetch", "--source", url, variables: [variable: proxy.url("")])
      let fetched = try source(workshop.snapshot())
      #expect(fetched == Self.bytes)
    }
    #expect(proxy.requests.isEmpty && server.requests.count == 4)
  }

  @Test func httpsUsesTheProxyAndVerifiesTheServer() throws {
    let authority = Certificate("Authority", for: nil)
    let server = try LoopbackServer(FileScript(ServedFile(Self.bytes)))
    let good = try TLSProxy(.tls(Certificate("good", for: "IP:127.0.0.1", issuer: authority)), to: server.port)
    let stranger = try TLSProxy(.tls(Certificate("stranger", for: "IP:127.0.0.1")), to: server.port)
    let proxy = try TLSProxy(.proxy(), to: 0)
    let workshop = CommandSandbox()
    let file = workshop.scratch.path + "/authority.pem"
    authority.write(to: file)
    let login = "http://user:\(SecretTests.canary)@127.0.0.1:\(proxy.port)"
    let variables = ["https_proxy": login, "SSL_CERT_FILE": file]

    let refused = try workshop.run("fetch", "--source", stranger.url(), variables: variables)
    expect(refused, from: "fetch", fails: 69, saying: "self-signed")
    #expect(server.requests.isEmpty)
    let ended = try workshop.succeed("fetch", "--source", good.url(), variables: variables)
    let fetched = try source(workshop.snapshot())
    #expect(fetched == Self.bytes)
    #expect(
      proxy.heads.map { $0.prefix { $0 != "\r\n" } } == [
        "CONNECT 127.0.0.1:\(stranger.port) HTTP/1.1", "CONNECT 127.0.0.1:\(good.port) HTTP/1.1",
      ])
    // "user:sesame7f3" in base64, sent only to the proxy.
    #expect(proxy.heads.allSatisfy { $0.contains("Proxy-Authorization: Basic dXNlcjpzZXNhbWU3ZjM=\r\n") })
    #expect(server.requests.allSatisfy { $0.headers["Proxy-Authorization"] == nil })
    for ended in [refused, ended] { #expect(!"\(ended)".contains(SecretTests.canary)) }
    #expect(try files(under: workshop.spool, holding: SecretTests.canary).isEmpty)

    let direct = CommandSandbox()
    try direct.succeed("fetch", "--source", good.url(), variables: variables.merging(["NO_PROXY": "127.0.0.1"]) { $1 })
    #expect(proxy.connections == 2)
  }

  struct Refusing: CustomTestStringConvertible, Sendable {
    let answer: String
    let code: Int32
    let says: String
    var connections = 1
    var testDescription: String { answer.replacing("\r\n", with: " ") }
  }

  @Test(arguments: [
    Refusing(answer: "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\n\r\n", code: 69, says: "407"),
    Refusing(answer: "HTTP/1.1 403 No\r\n\r\n", code: 69, says: "403"),
    Refusing(answer: "HTTP/1.1 404 No\r\n\r\n", code: 69, says: "404"),
    Refusing(answer: "HTTP/1.1 503 Later\r\n\r\n", code: 75, says: "within", connections: 2),
    Refusing(answer: "HTTP/1.1 429 Later\r\n\r\n", code: 75, says: "within", connections: 2),
    Refusing(answer: "SSH-2.0\r\n\r\n", code: 75, says: "within", connections: 2),
    Refusing(answer: "", code: 75, says: "within", connections: 2),
    Refusing(
      answer: "HTTP/1.1 502 No\r\nX: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n", code: 75, says: "within",
      connections: 2),
  ])
  func aRefusalOfAProxyIsReported(_ refusing: Refusing) throws {
    let proxy = try TLSProxy(.proxy(answer: refusing.answer), to: 0)
    let workshop = CommandSandbox()
    let ended = try workshop.run(
      "fetch", "--source", "https://127.0.0.1:1/a.csv", "--timeout", "3",
      variables: ["https_proxy": "http://127.0.0.1:\(proxy.port)"])
    expect(ended, from: "fetch", fails: refusing.code, saying: refusing.says)
    #expect(proxy.connections == refusing.connections)
    #expect(try workshop.snapshots.isEmpty)
  }
}
