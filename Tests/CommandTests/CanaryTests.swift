import Glibc
import LoopbackServer
import Postgres
import Spool
import TestCluster
import TestSupport
import Testing

/// Secrets of every kind, all different, in runs that succeed and that fail: none appears in an argument, an output, a
/// file or a table.
@Suite(.enabled(if: TLSServer.isAvailable, "\(TLSServer.unavailable ?? "")"))
struct CanaryTests {
  /// The planted secrets, with a name for each.
  private struct Canaries {
    private(set) var all: [(name: String, text: String)] = []

    mutating func plant(_ name: String) -> String {
      let text = "kanari" + String(UInt64.random(in: 1 << 60 ... .max), radix: 36)
      all.append((name, text))
      return text
    }

    /// Adds another form of a secret, such as its encoding in a header.
    mutating func also(_ name: String, _ text: String) { all.append((name, text)) }

    func found(in text: String) -> [String] { all.filter { text.contains($0.text) }.map(\.name) }
  }

  /// `pipeline.sh` with stages that record the arguments of all processes on the machine.
  private final class Fixture {
    let copy: ScriptCopy
    let script: FileScript
    let web: LoopbackServer
    let database: TLSServer
    let role: String
    var canaries = Canaries()
    let password, query, token, options: String

    init() throws {
      copy = try ScriptCopy()
      script = FileScript(ServedFile(Self.source(day: 1)))
      web = try LoopbackServer(script)
      database = try TLSServer.shared.get()
      role = "canary_\(UInt64.random(in: 0 ... .max))"
      password = canaries.plant("password in DATABASE_URL")
      query = canaries.plant("password in SOURCE_URL")
      token = canaries.plant("token in SOURCE_URL")
      options = canaries.plant("setting in the options of DATABASE_URL")
      canaries.also("the header of SOURCE_URL's login", Self.base64("user:" + query))
      try copy.shell(
        #"""
        mkdir bin tmp
        see='cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\000" "\n" >>"$SEEN/arguments"'
        for stage in fetch transform load; do
          rm "copy/.build/release/$stage"
          printf '%s\n' '#!/bin/sh' "$see" '"$REAL/${0##*/}" "$@"' 'code=$?' \
            'exit $code' >"copy/.build/release/$stage"
        done
        printf '%s\n' '#!/bin/sh' "$see" 'exec psql "$@"' >bin/psql
        chmod +x bin/psql copy/.build/release/*
        touch -d '+1 hour' copy/.build/pipeline.stamp
        """#)
      var session = try database.open()
      try session.execute(
        """
        CREATE ROLE \(role) LOGIN PASSWORD '\(password)';
        CREATE SCHEMA \(role) AUTHORIZATION \(role)
        """)
    }

    deinit {
      guard var session = try? database.open() else { return }
      _ = try? session.execute("SET client_min_messages = warning; DROP SCHEMA \(role) CASCADE; DROP ROLE \(role)")
    }

    static func source(day: Int, rows: Int = 100) -> String {
      let records =
        Days.records(rows) + [
          Days.record(Days.validBANs[200], ""), Days.record(Days.validBANs[201], "商", capital: "x"),
        ]
      return ([Days.header, "0\(day)-SEP-26" + String(repeating: ",", count: 15)] + records).joined(separator: "\n")
        + "\n"
    }

    private static func base64(_ text: String) -> String {
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
      var result = ""
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count - bytes.count % 3, by: 3) {
        let word = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
        for shift in [18, 12, 6, 0] { result.append(alphabet[word >> shift & 63]) }
      }
      return result
    }

    func databaseURL(password: String?, setting: Bool = true) -> String {
      database.url(
        user: role + (password.map { ":" + $0 } ?? ""),
        "sslmode=verify-full&sslrootcert=\(database.certificate("ca.crt"))"
          + "&options=-csearch_path%3D\(role)" + (setting ? "%20-ccanary.setting%3D\(options)" : ""))
    }

    var sourceURL: String { "http://user:\(query)@127.0.0.1:\(web.port)/a.csv?token=\(token)" }

    /// Runs a command with each log format and checks its output for secrets.
    func run(
      _ arguments: String..., ends code: Int32 = 0, formats: [String] = ["text", "json"], saying text: String = "",
      variables: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      for format in formats {
        let environment = [
          "DATABASE_URL": databaseURL(password: password), "SOURCE_URL": sourceURL, "LOG_FORMAT": format,
          "LOG_LEVEL": "debug", "TMPDIR": copy.workshop.scratch.path + "/tmp", "SEEN": copy.workshop.scratch.path,
          "REAL": Folder.of(Command.path(of: "fetch")), "MAX_REJECTS": "10%",
        ].merging(variables) { $1 }
        let ended = try copy.run(arguments, environment)
        #expect(ended.code == code, "\(arguments): \(ended)", sourceLocation: sourceLocation)
        #expect(text.isEmpty || ended.stderr.contains(text), "\(arguments): \(ended)", sourceLocation: sourceLocation)
        let found = canaries.found(in: ended.stdout + ended.stderr)
        #expect(found == [], "\(arguments): \(ended)", sourceLocation: sourceLocation)
      }
    }

    /// Checks every file, also decompressed, every table, and the server's log.
    func expectNothingLeft() throws {
      let scratch = copy.workshop.scratch.path
      for (name, text) in canaries.all { #expect(try files(under: scratch, holding: text) == [], "\(name)") }
      let unpacked = try copy.shell(
        "find . -name '*.zst' -print0 | xargs -0 zstdcat; find . -name '*.zst' | wc -l >&2")
      #expect(unpacked.stderr.split(separator: "\n").last.flatMap { Int($0) } ?? 0 >= 3, "\(unpacked.stderr)")
      #expect(canaries.found(in: unpacked.stdout) == [])

      var session = try database.open()
      let tables = try session.execute("SELECT tablename FROM pg_tables WHERE schemaname = '\(role)'").values
      #expect(tables.count >= 15)
      for table in tables.compactMap({ $0[0] }) {
        let rows = try session.execute("SELECT t::text FROM \(role).\(table) t").values
        #expect(canaries.found(in: rows.compactMap { $0[0] }.joined(separator: "\n")) == [], "\(table)")
      }
      // A server logs the text of statements that fail.
      #expect(canaries.found(in: try database.log()) == [])

      // Proves that the checks above had something to check.
      #expect(try !files(under: copy.workshop.spool, holding: "http://127.0.0.1:\(web.port)/a.csv?token=…").isEmpty)
      let urls = try session.execute("SELECT data_source_url FROM \(role).etl_job_run").values
      #expect(urls.first == ["http://127.0.0.1:\(web.port)/a.csv?token=…"])
      #expect(try database.log().contains("ready to accept connections"))
      let arguments = String(decoding: ScratchFolder.read(scratch + "/arguments") ?? [], as: UTF8.self)
      #expect(arguments.contains("pipeline.sh") && arguments.contains("fetch\nrun\n"))
      #expect(canaries.found(in: arguments) == [])
      #expect(try !files(under: copy.workshop.spool + "/runs", holding: "127.0.0.1").isEmpty)
    }
  }

  @Test func successfulRunsRevealNoSecret() throws {
    let fixture = try Fixture()
    let scratch = fixture.copy.workshop.scratch.path
    try fixture.run("run", formats: ["text"])
    try fixture.run("run", "--json", saying: "unchanged")
    try fixture.run("dry-run", "--force")
    fixture.script.replace(with: ServedFile(Fixture.source(day: 2, rows: 102)))
    try fixture.run("fetch", "--json")
    try fixture.run("transform", "--force")
    // The password comes from a file.
    let secrets = ScratchFolder()
    let pgpass = secrets.write(Array("*:*:*:*:\(fixture.password)\n".utf8), to: "pgpass")
    chmod(pgpass, 0o600)
    try fixture.run(
      "load", "--verify", "--force",
      variables: ["DATABASE_URL": fixture.databaseURL(password: nil), "PGPASSFILE": pgpass])
    try fixture.run("status")
    try fixture.run("status", "--json")
    try fixture.run("changes")
    try fixture.run("findings", "--export", "sheet.csv", "--force")
    let sheet = String(decoding: try #require(ScratchFolder.read(scratch + "/sheet.csv")), as: UTF8.self)
    _ = fixture.copy.workshop.file(sheet.replacing(",商,x,", with: ",商,5,"), "sheet.csv")
    try fixture.run("replay", "sheet.csv")
    try fixture.run("withdraw", "\(Days.validBANs[201])")
    try fixture.run("rollback", formats: ["json"])
    // psql gets its address as an argument, without the password. (Options are not secret.)
    try fixture.run(
      "psql", "-Xc", "SELECT count(*) FROM tax_registration", formats: ["text"],
      variables: [
        "DATABASE_URL": fixture.databaseURL(password: fixture.password, setting: false),
        "POSTGRES_BIN": scratch + "/bin",
      ])
    try fixture.run("gc", "--keep", "2")
    #expect(fixture.web.requests.first?.target == "/a.csv?token=\(fixture.token)")
    try fixture.expectNothingLeft()
  }

  @Test func failedRunsRevealNoSecret() throws {
    let fixture = try Fixture()
    try fixture.run("run", formats: ["text"])
    let wrong = fixture.canaries.plant("a wrong password in DATABASE_URL")
    try fixture.run(
      "load", "--force", ends: 69, saying: "28P01", variables: ["DATABASE_URL": fixture.databaseURL(password: wrong)])
    try fixture.run("status", variables: ["DATABASE_URL": fixture.databaseURL(password: wrong)])
    let variable = fixture.canaries.plant("a wrong password in PGPASSWORD")
    try fixture.run(
      "rollback", ends: 69, saying: "28P01",
      variables: ["DATABASE_URL": fixture.databaseURL(password: nil), "PGPASSWORD": variable])
    let secret = fixture.canaries.plant("the password of a database that is not there")
    for (url, code) in [
      ("postgresql://u:\(secret)@127.0.0.1:1/d", 75), ("postgresql://u:\(secret)@/d?host=/nonexistent", 75),
      ("postgresql://u:\(secret)@[bad/d", 64), ("postgresql://u:\(secret)/x@h:99999/d", 64),
      ("postgresql://u@h/d?password=\(secret)&nonsense=1", 64), ("host=h password='\(secret)' nonsense=1", 64),
    ] as [(String, Int32)] {
      // Retries for an unreachable server take seconds: only one format is tried.
      try fixture.run(
        code == 75 ? "changes" : "load", "--json", ends: code, formats: code == 75 ? ["json"] : ["text", "json"],
        variables: ["DATABASE_URL": url])
    }
    // The message of a user's constraint or trigger is shown; other data of the session is not.
    var session = try fixture.database.open()
    try session.execute(
      """
      SET search_path = \(fixture.role);
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no: %', NEW USING DETAIL = current_query(); END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON tax_registration FOR EACH ROW EXECUTE FUNCTION refuse()
      """)
    fixture.script.replace(with: ServedFile(Fixture.source(day: 2, rows: 102)))
    try fixture.run("run", "--json", ends: 78, saying: "no: (")
    try session.execute(
      "REVOKE ALL ON \(fixture.role).etl_job_run FROM \(fixture.role); ALTER TABLE \(fixture.role).etl_job_run OWNER TO postgres"
    )
    try fixture.run("load", "--force", ends: 69, saying: "42501")

    for attempt in [Attempt.page(404), .page(401, headers: ["WWW-Authenticate": "Basic realm=x"]), .page(403)] {
      fixture.script.update { $0.otherwise = attempt }
      try fixture.run("run", "--json", ends: 69)
    }
    let login = fixture.canaries.plant("a login in a redirect")
    for place in [
      "http://user:\(login)@example.org/a.csv?token=\(login)", "ftp://user:\(login)@127.0.0.1/a.csv",
      "file:///\(login)", "https://user:\(login)@[bad/a.csv", "https://user:\(login)@127.0.0.1:999999/a.csv",
    ] {
      fixture.script.update { $0.otherwise = .redirect(to: place) }
      try fixture.run("run", "--json", ends: 69)
    }
    fixture.script.update {
      $0.otherwise = .redirect(to: "https://user:\(login)@127.0.0.1:1/\(login).csv?token=\(login)")
    }
    try fixture.run("fetch", "--timeout", "1", ends: 75, formats: ["json"])
    for url in ["http://user:\(login)@example.org/a.csv", "https://user:\(login) @h/a", "gopher://user:\(login)@h/a"] {
      try fixture.run("run", ends: 64, variables: ["SOURCE_URL": url])
    }
    try fixture.expectNothingLeft()
  }
}
