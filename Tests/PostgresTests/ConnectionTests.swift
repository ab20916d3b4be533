import Postgres
import Synchronization
import TestCluster
import Testing

@Suite("A session", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct ConnectionTests {
  private func error(_ body: () throws -> Void) -> PostgresError? {
    do {
      try body()
      return nil
    } catch { return error as? PostgresError }
  }

  @Test("values are sent and received as text, NULL as nil")
  func values() throws {
    try TestDatabase.with { database in
      let rows = try database.execute("SELECT $1, $2::int + 1, $3, '' AS empty", ["a'b\\", "41", nil])
      #expect(rows.values == [["a'b\\", "42", nil, ""]])
      #expect(try database.scalar("SHOW client_encoding") == "UTF8")
      #expect(try database.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5)").affected == 5)
    }
  }

  @Test("an error has its SQLSTATE, and the session stays usable")
  func errors() throws {
    try TestDatabase.with { database in
      var session = try database.open()
      for (sql, sqlState, kind) in [
        ("SELEC", "42601", PostgresError.Kind.statement), ("SELECT * FROM nothing_here", "42P01", .statement),
        ("SELECT 1/0", "22012", .statement), ("BEGIN; SELECT 1/0", "22012", .statement),
      ] {
        let error = error { try session.execute(sql) }
        #expect(error?.sqlState == sqlState)
        #expect(error?.kind == kind)
        _ = try? session.execute("ROLLBACK")
      }
      #expect(try session.execute("SELECT 1").number == 1)
    }
  }

  @Test(
    "an SQLSTATE determines the kind of an error",
    arguments: [
      ("08006", PostgresError.Kind.temporary), ("40001", .temporary), ("40P01", .temporary), ("53200", .temporary),
      ("53300", .temporary), ("55P03", .temporary), ("57P01", .temporary), ("57P03", .temporary), ("57014", .temporary),
      ("53100", .serverDiskFull), ("28P01", .refused), ("28000", .refused), ("3D000", .refused), ("25006", .refused),
      ("54000", .refused), ("42501", .denied), ("42P01", .statement), ("22P02", .statement), ("23505", .statement),
    ])
  func kinds(_ sqlState: String, _ kind: PostgresError.Kind) {
    #expect(PostgresError.Kind(sqlState: sqlState) == kind)
  }

  @Test(
    "a connection that ends in the handshake is retryable, and a refusal of TLS is not",
    arguments: [
      (HandshakeServer.Answer.hangsUp, PostgresError.Kind.temporary), (.breaksOff, .temporary), (.refuses, .untrusted),
    ])
  func handshakes(_ answer: HandshakeServer.Answer, _ kind: PostgresError.Kind) throws {
    let server = try HandshakeServer(answer)
    let error = error { _ = try TestDatabase.open("postgresql://u@127.0.0.1:\(server.port)/d?sslmode=require") }
    #expect(error?.kind == kind && error?.sqlState == nil, "\(error as Any)")
    #expect(server.connections == 1)
  }

  @Test(
    "an answer in another protocol and a missing feature of the connection are not retryable",
    arguments: [("S", "disable"), ("J", "require")])
  func otherProtocols(_ answer: String, _ sslmode: String) throws {
    let server = try HandshakeServer(.says(answer))
    let error = error { _ = try TestDatabase.open("postgresql://u@127.0.0.1:\(server.port)/d?sslmode=\(sslmode)") }
    #expect(error?.kind == .refused, "\(error as Any)")
    for option in ["channel_binding=require", "gssencmode=require"] {
      try TestDatabase.with { database in
        let error = self.error { _ = try TestDatabase.open(database.url + "&sslmode=disable&" + option) }
        #expect(error?.kind == .untrusted, "\(error as Any)")
      }
    }
  }

  @Test("an invalid host address is malformed")
  func hostAddress() {
    let error = error { _ = try TestDatabase.open("postgresql://u@/d?hostaddr=not-an-ip") }
    #expect(error?.kind == .malformed, "\(error as Any)")
  }

  @Test(
    "PgBouncer's only code is classified by the message",
    arguments: [
      ("SASL authentication failed", PostgresError.Kind.refused), ("password authentication failed", .refused),
      ("no such user", .refused), ("no such database: d", .refused), ("database \"d\" does not exist", .refused),
      ("database \"d\" is disabled", .refused), ("query_wait_timeout", .temporary),
      ("server conn crashed?", .temporary), ("PQexec disallowed", .pooled),
      ("bad packet header: '51000004b7424547'", .pooled),
    ])
  func pooler(_ message: String, _ kind: PostgresError.Kind) {
    #expect(PostgresError.Kind(sqlState: "08P01", message: message) == kind)
  }

  @Test("a refusal is parsed by its punctuation, in any language, and the last of several counts")
  func refusals() {
    let one = "connection to server at \"h\" failed: FATAL:  28P01: password\nLOCATION:  auth_failed, auth.c:334\n"
    #expect(ConnectionAttempt.refusal(in: one)?.sqlState == "28P01")
    let two = one + "connection to server at \"h\", port 1 failed: 致命錯誤:  57P03: starting up\nLOCATION:  x, y.c:1\n"
    #expect(ConnectionAttempt.refusal(in: two)?.sqlState == "57P03")
    #expect(ConnectionAttempt.refusal(in: two)?.message == "starting up")
    #expect(ConnectionAttempt.refusal(in: "connection to server failed: Connection refused\n\tIs it running?\n") == nil)
  }

  @Test("if libpq makes no attempt, its text is shown only if it is about the user of this process")
  func notAttempted() {
    let userless = ConnectionAttempt.notAttempted("local user with ID 54321 does not exist\n")
    #expect(userless.kind == .userless && userless.message == "local user with ID 54321 does not exist")
    for text in [
      "invalid sslmode value: \"geheim\"\n", "invalid sslmode value: \"\nlocal user with ID geheim\"\n", "",
    ] {
      let error = ConnectionAttempt.notAttempted(text)
      #expect(error.kind == .malformed && !"\(error)".contains("geheim"))
    }
  }

  @Test("a transaction is committed or rolled back as a whole")
  func transactions() throws {
    struct Oops: Error {}
    try TestDatabase.with { database in
      var session = try database.open()
      try session.execute("CREATE TABLE t (a int)")
      #expect(throws: Oops.self) {
        try session.transaction { session in
          try session.execute("INSERT INTO t VALUES (1)")
          throw Oops()
        }
      }
      #expect(error { _ = try session.transaction { try $0.execute("SELECT 1/0") } }?.sqlState == "22012")
      try session.transaction { try $0.execute("INSERT INTO t VALUES (2)") }
      #expect(try session.execute("SELECT a FROM t").values == [["2"]])
    }
  }

  @Test("a stop also cancels the statement on the server, and the session stays usable")
  func stop() throws {
    struct Stop: Error {}
    try TestDatabase.with { database in
      let asked = Mutex(0)
      var session = try Connection.open(try DatabaseAddress(database.url), applicationName: database.name)
      session.stop = {
        try asked.withLock {
          $0 += 1
          if $0 > 2 { throw Stop() }
        }
      }
      #expect(throws: Stop.self) { try session.execute("SELECT pg_sleep(3600)") }
      session.stop = {}
      #expect(try session.execute("SELECT 7").number == 7)
      #expect(
        try database.scalar(
          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND state = 'active' AND application_name = '\(database.name)'"
        )
          == "0")
    }
  }

  @Test("a stop ends the connection attempt")
  func stopConnecting() throws {
    struct Stop: Error {}
    try TestDatabase.with { database in
      #expect(throws: Stop.self) {
        _ = try Connection.open(try DatabaseAddress(database.url), applicationName: "x", stop: { throw Stop() })
      }
    }
  }

  @Test("a killed session gives a retryable error")
  func killed() throws {
    try TestDatabase.with { database in
      var session = try database.open()
      try database.execute("SELECT pg_terminate_backend(\(session.processID))")
      #expect(error { try session.execute("SELECT 1") }?.kind == .temporary)
      #expect(error { try session.execute("SELECT 1") }?.kind == .temporary)
      let isLost = session.isLost
      #expect(isLost)
    }
  }

  @Test("notices are passed to the handler")
  func notices() throws {
    try TestDatabase.with { database in
      let seen = Mutex<[String]>([])
      var session = try Connection.open(
        try DatabaseAddress(database.url), applicationName: "x", notice: { text in seen.withLock { $0.append(text) } })
      try session.execute("DO $$ BEGIN RAISE WARNING 'hello'; END $$")
      #expect(seen.withLock { $0 } == ["hello"])
    }
  }

  @Test(
    "an invalid connection string is refused, and the error does not repeat it",
    arguments: [
      "postgresql://u:geheim@h:0/d", "postgresql://u:geheim@h:70000/d", "postgresql://u:geheim@h:x/d",
      "postgresql://u:geheim@[::1/d", "postgresql://u:geheim@h/d?nonsense=geheim", "password=geheim host", "geheim\0x",
      // A raw separator in the password: libpq reads the rest as the host, the port or the database.
      "postgresql://u:x@geheim@127.0.0.1:1/d", "postgresql://u:geheim@x@127.0.0.1/d", "postgresql://u:1/geheim@h/d",
      "postgresql://u/geheim@h/d", "postgresql://u:geheim/h/d", "postgresql://u:geheim", "postgresql://u:1/h/geheim",
      "postgresql://ge heim:geheim@ge heim/d", "postgresql://u:p%zzgeheim@h/d", "postgresql://u@geheim;h/d",
      "postgresql://u:x@h,geheim!/d", "postgresql://h/d?host=geheim@h", "postgresql://h/d?user=u:geheim",
      "host=u:geheim@h dbname=d", "user=u:geheim@h dbname=d", "dbname=postgresql://u:geheim@h/d user=u", "u:geheim@h/d",
      "host=h password=ge heim dbname=d", "password='geheim", "postgresql:/u:geheim@h/d", "http://u:geheim@h/d",
      "hostaddr=u:geheim@1 dbname=d",
      // Separators of other drivers' connection strings, and blanks: libpq reads the rest as the database or the user.
      "postgresql://u@127.0.0.1:1/x;password=geheim", "postgresql://u@127.0.0.1:1/x,password=geheim",
      "postgresql://u@127.0.0.1:1/x password=geheim", "postgresql://u@127.0.0.1:1/x geheim",
      "postgresql://u@127.0.0.1:1/x;geheim", "postgresql://u@127.0.0.1:1/x%3Bgeheim", "postgresql://u geheim@h/x",
      "postgresql://u;geheim@h/x", "postgresql://u,geheim@h/x", "user=u;password=geheim dbname=x",
      "dbname=x;password=geheim", "user=u,password=geheim dbname=x", "user='u password=geheim'",
      "dbname='x password=geheim'", "dbname='x Pwd = geheim'", "dbname=x application_name='a;PASSWORD=geheim'",
      "postgresql://u@h/x?sslmode=require;password=geheim", "postgresql://u@h/x?options=-cx;pwd%3Dgeheim",
    ])
  func malformed(_ text: String) {
    let error = error { _ = try DatabaseAddress(text) }
    #expect(error?.kind == .malformed)
    #expect("\(error as Any)".contains("geheim") == false)
  }

  @Test(
    "a well-formed connection string is accepted",
    arguments: [
      "postgresql://", "postgresql:///d", "postgresql://u@h/d", "postgres://u:p%40%2F%23%25@h:5432/d?sslmode=require",
      "postgresql://u:a#b:c?d%20e@h/d", "postgresql://u:p@h1:1,h2:2/d", "postgresql://u@[::1]:5432/d",
      "postgresql:///d?host=/run/postgresql&port=5433", "postgresql://u@%2Frun%2Fpostgresql/d",
      "postgresql://?host=/run/postgresql&dbname=d", "postgresql://u@?host=/run/postgresql",
      "postgresql://u%40server:p@h.example/d", "host=h user=u password='a b@/' dbname='my db'",
      "dbname=登記 host=localhost",
      "postgresql://u@h/d?options=-csearch_path%3D%22a%20b%22",
    ])
  func wellFormed(_ text: String) throws { _ = try DatabaseAddress(text) }

  @Test("no message contains a part of a password, wherever it is in the connection string")
  func canary() {
    var random = Numbers(seed: 20_260_901)
    let separators = [
      "@", "/", ":", "?", "#", "%", "&", "=", " ", "'", "\\", ",", "[", "]", ";", "%zz", "\u{301}", "", "",
    ]
    for _ in 0..<5_000 {
      let canary = "canaryA" + random.pick(separators) + "canaryB" + random.pick(separators)
      let user = random.pick(["u:", "u:x@", ":"])
      // Without a host, the text after an '@' would be read as one.
      let hostless = canary.replacing("@", with: "")
      let forms = [
        "postgresql://\(user)\(canary)@127.0.0.1:1/d", "postgresql://u:\(canary)@127.0.0.1:1/d",
        "postgresql://u:\(hostless)127.0.0.1:1/d", "postgres://u:\(canary)@127.0.0.1:1,127.0.0.1:1/d?sslmode=disable",
        "host=127.0.0.1 port=1 password=\(canary) dbname=d", "postgresql://u:\(hostless)", "u:\(canary)@127.0.0.1/d",
        "host=127.0.0.1 port=1 user=u:\(canary)@h", "postgresql://127.0.0.1:1/d?password=\(canary)",
      ]
      let text = random.pick(forms)
      let said: String
      do {
        let target = try DatabaseAddress(text)
        // A valid string is tried on a port without a listener. If it has no password, its user, host and database may
        // be named.
        guard target.hasPassword else { continue }
        _ = try Connection.open(target, applicationName: "x", timeoutSeconds: 1)
        continue
      } catch { said = "\(error)" }
      #expect(!said.contains("canary"), "\(text) gave \(said)")
    }
  }

  @Test func aPasswordIsFoundInEveryFormOfConnectionString() throws {
    #expect(try DatabaseAddress("postgresql://u:p@h/d").hasPassword)
    #expect(try DatabaseAddress("postgresql://u@h/d?password=p").hasPassword)
    #expect(try DatabaseAddress("host=h password=p").hasPassword)
    #expect(try !DatabaseAddress("postgresql://u@h/d").hasPassword)
  }
}

/// Random numbers that are the same for the same seed.
private struct Numbers {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func pick<Element>(_ list: [Element]) -> Element {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return list[Int(state >> 33) % list.count]
  }
}
