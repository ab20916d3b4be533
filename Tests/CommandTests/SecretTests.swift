import LoopbackServer
import Testing

/// Passwords are refused where everybody can read them, and are in no output and no file.
@Suite struct SecretTests {
  static let canary = "sesame7f3"

  @Test(arguments: [
    ["--source", "https://user:sesame7f3@127.0.0.1:1/a.csv"],
    ["--source=https://user:sesame7f3@127.0.0.1:1/a.csv"],
    ["--source", "http://user:sesame7f3@example.org/a.csv"],
    ["--source", "ftp://user:sesame7f3@127.0.0.1/a.csv"],
    ["--source", "https://user:sesame 7f3@127.0.0.1/a.csv"],
    ["https://user:sesame7f3@127.0.0.1:1/a.csv"],
    ["--sorce=https://user:sesame7f3@127.0.0.1:1/a.csv"],
    ["--sample=https://user:sesame7f3@127.0.0.1:1/a.csv"],
    ["--limit", "https://user:sesame7f3@127.0.0.1:1/a.csv"],
  ])
  func aSourcesPasswordOnTheCommandLine(_ arguments: [String]) throws {
    try refuses("fetch", arguments)
  }

  @Test(arguments: [
    ["--database-url", "postgresql://user:sesame7f3@127.0.0.1/d"],
    ["--database-url", "postgres://user:sesame7f3@127.0.0.1:5/d"],
    ["--database-url=postgresql:///d?host=/x&password=sesame7f3"],
    ["--database-url", "postgresql:///d?%70assword=sesame7f3"],
    ["--database-url", "postgresql:///d?sslpassword=sesame7f3"],
    ["--database-url", "host=/x password=sesame7f3"],
    ["--database-url", "postgresql://user:sesame7f3@[bad/d"],
    ["postgresql://user:sesame7f3@127.0.0.1/d"],
    ["--database-ulr=postgresql://user:sesame7f3@127.0.0.1/d"],
    ["--force=postgresql://user:sesame7f3@127.0.0.1/d"],
    ["host=/x", "password=sesame7f3"],
  ])
  func aDatabasesPasswordOnTheCommandLine(_ arguments: [String]) throws {
    try refuses("load", arguments)
  }

  /// libpq takes what stands behind a raw `@` or `/` for the host or the database, and names it.
  @Test(arguments: [
    "postgresql://user:x@sesame7f3@127.0.0.1:1/d", "postgresql://user:1/sesame7f3@127.0.0.1:1/d",
    "postgresql://user/sesame7f3@127.0.0.1:1/d", "postgresql://user:sesame7f3", "postgresql://user:1/d/sesame7f3",
    "postgresql://user:%zzsesame7f3@127.0.0.1:1/d", "user=user:sesame7f3@127.0.0.1 dbname=d",
    "dbname=postgresql://user:sesame7f3@127.0.0.1/d", "host=127.0.0.1 password=x sesame7f3",
  ])
  func aMalformedAddressOfADatabase(_ url: String) throws {
    for command in [["load"], ["load", "status"], ["load", "changes"], ["load", "gc"]] {
      let workshop = Workshop()
      let log = workshop.scratch.path + "/log"
      let variables = ["DATABASE_URL": url, "LOG_FILE": log, "LOG_LEVEL": "trace"]
      let ended = try workshop.command(command[0], Array(command.dropFirst()) + ["--json"], variables).run()
      #expect(ended.code != 0, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  private func refuses(_ stage: String, _ arguments: [String]) throws {
    for format in ["text", "json"] {
      let workshop = Workshop()
      let ended = try workshop.command(stage, arguments + ["--json"], ["LOG_FORMAT": format]).run()
      #expect(ended.code == 64, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  /// In SOURCE_URL they may be: the server gets them, and nobody else.
  @Test(arguments: [Attempt.whole, .page(404), .page(401, headers: ["WWW-Authenticate": "Basic"])])
  func aSourcesPasswordInTheEnvironment(_ attempt: Attempt) throws {
    let workshop = Workshop()
    let server = try LoopbackServer(FileScript(ServedFile(Source.plain(rows: 5)), otherwise: attempt))
    let url = "http://user:\(Self.canary)@127.0.0.1:\(server.port)/a.csv?token=\(Self.canary)"
    let variables = ["SOURCE_URL": url, "LOG_LEVEL": "trace"]
    for format in ["text", "json"] {
      let ended = try workshop.run("fetch", "--json", variables: variables.merging(["LOG_FORMAT": format]) { $1 })
      #expect(ended.code == (attempt.answersFile ? 0 : 69), "\(ended)")
      #expect(!ended.stdout.contains(Self.canary) && !ended.stderr.contains(Self.canary), "\(ended)")
    }
    // "user:sesame7f3" in base64.
    #expect(server.requests.first?.headers["Authorization"] == "Basic dXNlcjpzZXNhbWU3ZjM=")
    #expect(server.requests.first?.target == "/a.csv?token=\(Self.canary)")
    #expect(try files(under: workshop.scratch.path, holding: Self.canary).isEmpty)
  }
}

extension Attempt {
  fileprivate var answersFile: Bool { if case .file = answer { true } else { false } }
}
