import Glibc
import Postgres
import TestCluster
import TestSupport
import Testing

/// TLS connections to the database, with libpq and the real executable.
@Suite(.serialized, .enabled(if: TLSServer.isAvailable, "\(TLSServer.unavailable ?? "")"))
struct TLSTests {
  /// A finalized snapshot, and loads of it through TLS into the test's own schema.
  private struct Fixture {
    let server: TLSServer
    let workshop: CommandSandbox
    let schema: String

    static func with(_ body: (Fixture) throws -> Void) throws {
      let server = try TLSServer.shared.get()
      let workshop = try CommandSandbox.fetched(Array(Source.plain(rows: 5).utf8), chunkSize: 5)
      try workshop.succeed("transform")
      let schema = "tls_\(UInt64.random(in: 0 ... .max))"
      var session = try server.open()
      try session.execute(
        "CREATE SCHEMA \(schema); GRANT USAGE, CREATE ON SCHEMA \(schema) TO with_password, certified")
      defer { _ = try? session.execute("SET client_min_messages = warning; DROP SCHEMA \(schema) CASCADE") }
      try body(Fixture(server: server, workshop: workshop, schema: schema))
    }

    func url(user: String = "postgres", host: String = "localhost", _ options: String) -> String {
      server.url(user: user, host: host, "options=-csearch_path%3D\(schema)" + (options.isEmpty ? "" : "&" + options))
    }

    func load(_ url: String, _ variables: [String: String] = [:]) throws -> Ended {
      try workshop.run("load", "--force", variables: variables.merging(["DATABASE_URL": url]) { $1 })
    }

    /// Checks that a load fails with 69 and without a retry, with a cause and a hint.
    func refuses(
      _ url: String, _ variables: [String: String] = [:], saying text: String, hint: String = "sslrootcert",
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let ended = try load(url, variables)
      expect(ended, from: "load", fails: 69, saying: text, sourceLocation: sourceLocation)
      #expect(!ended.stderr.contains("again in"), "no retry: \(ended)", sourceLocation: sourceLocation)
      #expect(ended.stderr.contains(hint), "\(ended)", sourceLocation: sourceLocation)
    }

    var root: String { "sslrootcert=" + server.certificate("ca.crt") }
  }

  @Test func aVerifiedServerIsLoadedInto() throws {
    try Fixture.with { fixture in
      for options in ["sslmode=require", "sslmode=verify-ca&\(fixture.root)", "sslmode=verify-full&\(fixture.root)"] {
        let ended = try fixture.load(fixture.url(options))
        #expect(ended.code == 0, "\(ended)")
      }
      // Also with libpq's variables.
      let variables = ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": fixture.server.certificate("ca.crt")]
      #expect(try fixture.load(fixture.url(""), variables).code == 0)
      var session = try fixture.server.open()
      #expect(try session.execute("SELECT count(*) FROM \(fixture.schema).tax_registration").number == 5)
    }
  }

  @Test func anUnverifiedServerIs69WithoutARetry() throws {
    try Fixture.with { fixture in
      let verify = "sslmode=verify-full"
      try fixture.refuses(
        fixture.url(host: "127.0.0.1", "\(verify)&\(fixture.root)"), saying: "does not match host name")
      // Only verify-full checks the name.
      #expect(try fixture.load(fixture.url(host: "127.0.0.1", "sslmode=verify-ca&\(fixture.root)")).code == 0)
      let other = "sslrootcert=" + fixture.server.certificate("other-ca.crt")
      for mode in ["verify-full", "verify-ca"] {
        try fixture.refuses(fixture.url("sslmode=\(mode)&\(other)"), saying: "certificate verify failed")
      }
      // libpq looks for ~/.postgresql/root.crt.
      try fixture.refuses(fixture.url(verify), saying: "root certificate file")
      try fixture.refuses(fixture.url("\(verify)&sslrootcert=/nonexistent"), saying: "root certificate file")
    }
  }

  @Test func anExpiredCertificateIs69() throws {
    try Fixture.with { fixture in
      try fixture.server.show("expired.crt")
      defer { try? fixture.server.show("server.crt") }
      let url = fixture.url("sslmode=verify-full&\(fixture.root)")
      try wait { (try? TestDatabase.open(url)) == nil }
      try fixture.refuses(url, saying: "certificate", hint: "openssl s_client -starttls postgres")
      try fixture.server.show("server.crt")
      try wait { (try? TestDatabase.open(url)) != nil }
    }
  }

  /// The server reloads its settings asynchronously.
  private func wait(until isSo: () -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !isSo() { try #require(ContinuousClock.now < deadline, "the server still shows the earlier certificate") }
  }

  @Test func aClientCertificateIsRequired() throws {
    try Fixture.with { fixture in
      let server = fixture.server
      let client = "sslcert=\(server.certificate("client.crt"))&sslkey=\(server.certificate("client.key"))"
      let verify = "sslmode=verify-full&\(fixture.root)"
      let ended = try fixture.load(fixture.url(user: "certified", "\(verify)&\(client)"))
      #expect(ended.code == 0, "\(ended)")
      try fixture.refuses(
        fixture.url(user: "certified", verify), saying: "connection requires a valid client certificate",
        hint: "DATABASE_URL")
      // A certificate of an authority that the server does not trust.
      let stranger = "sslcert=\(server.certificate("other-ca.crt"))&sslkey=\(server.certificate("other-ca.key"))"
      try fixture.refuses(fixture.url(user: "certified", "\(verify)&\(stranger)"), saying: "alert", hint: "sslcert")
    }
  }

  @Test func aServerThatRequiresTLSIs69WithoutIt() throws {
    try Fixture.with { fixture in
      try fixture.refuses(fixture.url("sslmode=disable"), saying: "SQLSTATE 28000", hint: "sslmode")
      // libpq's default works.
      #expect(try fixture.load(fixture.url("")).code == 0)
    }
  }

  @Test func aServerWithoutTLSIs69IfTLSIsRequired() throws {
    try Fixture.with { fixture in
      let server = try HandshakeServer(.refuses)
      for mode in ["require", "verify-ca", "verify-full"] {
        try fixture.refuses(
          "postgresql://u@127.0.0.1:\(server.port)/d?sslmode=\(mode)&\(fixture.root)", saying: "does not support SSL")
      }
      #expect(server.connections == 3)
    }
  }

  @Test func aHandshakeThatBreaksOffIs75() throws {
    try Fixture.with { fixture in
      let server = try HandshakeServer(.breaksOff)
      let ended = try fixture.load("postgresql://u@127.0.0.1:\(server.port)/d?sslmode=require")
      expect(ended, from: "load", fails: 75)
      #expect(server.connections == 4, "three retries: \(ended)")
    }
  }

  @Test func aPasswordIsReadFromItsFileOrTheEnvironment() throws {
    try Fixture.with { fixture in
      let verify = "sslmode=verify-full&\(fixture.root)"
      func file(_ password: String, mode: mode_t = 0o600) -> [String: String] {
        let escaped = password.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
        let path = fixture.workshop.file("localhost:*:*:with_password:\(escaped)\n", "pgpass-\(mode)-\(password.count)")
        chmod(path, mode)
        return ["PGPASSFILE": path]
      }
      let encoded = TLSServer.password.utf8.map { byte in
        let digits = String(byte, radix: 16)
        return "%" + (digits.count == 1 ? "0" : "") + digits
      }.joined()
      let plain = fixture.url(user: "with_password", verify)
      for (url, variables) in [
        (plain, file(TLSServer.password)), (plain, ["PGPASSWORD": TLSServer.password]),
        (fixture.url(user: "with_password:\(encoded)", verify), [:]),
      ] {
        let ended = try fixture.load(url, variables)
        #expect(ended.code == 0, "\(ended)")
      }
      // A wrong password, none, and a file that others may read, which libpq ignores.
      for (variables, text) in [
        (file("falsch"), "SQLSTATE 28P01"), (["PGPASSWORD": "falsch"], "SQLSTATE 28P01"),
        ([:], "no password supplied"), (file(TLSServer.password, mode: 0o644), "no password supplied"),
      ] {
        try fixture.refuses(plain, variables, saying: text, hint: "PGPASSFILE")
      }
    }
  }
}
