import Glibc
import LoopbackServer
import Testing

/// Passwords are refused where other users can read them, and appear in no output and no file.
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
  func aSourcePasswordOnTheCommandLineIsRefused(_ arguments: [String]) throws {
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
  func aDatabasePasswordOnTheCommandLineIsRefused(_ arguments: [String]) throws {
    try refuses("load", arguments)
  }

  /// libpq parses the text after an unescaped `@` or `/` as host or database, and shows it in its error.
  @Test(arguments: [
    "postgresql://user:x@sesame7f3@127.0.0.1:1/d", "postgresql://user:1/sesame7f3@127.0.0.1:1/d",
    "postgresql://user/sesame7f3@127.0.0.1:1/d", "postgresql://user:sesame7f3", "postgresql://user:1/d/sesame7f3",
    "postgresql://user:%zzsesame7f3@127.0.0.1:1/d", "user=user:sesame7f3@127.0.0.1 dbname=d",
    "dbname=postgresql://user:sesame7f3@127.0.0.1/d", "host=127.0.0.1 password=x sesame7f3",
  ])
  func aMalformedDatabaseURLIsNotShown(_ url: String) throws {
    for command in [["load"], ["load", "status"], ["load", "changes"], ["load", "gc"]] {
      let workshop = CommandSandbox()
      let log = workshop.scratch.path + "/log"
      let variables = ["DATABASE_URL": url, "LOG_FILE": log, "LOG_LEVEL": "trace"]
      let ended = try workshop.command(command[0], Array(command.dropFirst()) + ["--json"], variables).run()
      #expect(ended.code != 0, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  /// A service that is named in the database URL.
  @Test(arguments: [
    "host=u:sesame7f3@127.0.0.1", "user=u:sesame7f3", "dbname=a;password=sesame7f3", "user=postgres password=sesame7f3",
    "hostaddr=sesame7f3@127.0.0.1",
  ])
  func aServiceWithAPasswordIsNotShown(_ line: String) throws {
    for url in ["service=f", "postgresql:///?service=f", "postgresql://127.0.0.1:1/d?service=f"] {
      guard !(url.contains("/d?") && (line.hasPrefix("dbname") || line.hasPrefix("host="))) else { continue }
      let workshop = CommandSandbox()
      let file = workshop.scratch.write(Array("[f]\n\(line)\nport=1\n".utf8), to: "services")
      let variables = ["DATABASE_URL": url, "PGSERVICEFILE": file, "LOG_FILE": workshop.scratch.path + "/log"]
      for arguments in [[], ["status"], ["gc"]] {
        let ended = try workshop.command("load", arguments + ["--json"], variables).run()
        #expect(ended.code != 0 && (ended.stdout + ended.stderr).contains("or the service"), "\(ended)")
        #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
        #expect(try files(under: workshop.scratch.path, holding: "sesame").count == 1)  // the file itself
      }
    }
  }

  @Test(arguments: [
    ("postgresql://u:s%20e@h:1/d?sslmode=disable", "dbname='d' host='h' port='1' sslmode='disable' user='u'", "s e"),
    ("postgresql:///d?host=/x%20y&password=a%26b&user=c", "dbname='d' host='/x y' user='c'", "a&b"),
    (#"user='o\'k' password='x\\y'"#, #"user='o\'k'"#, #"x\y"#), ("postgresql://", "dbname=''", ""),
  ])
  func psqlGetsThePasswordInItsEnvironment(_ url: String, _ address: String, _ password: String) throws {
    let ended = try psql(url)
    #expect(ended.code == 0 && ended.stdout == address + "|-c|SELECT 1|\n" + password + "\n", "\(ended)")
  }

  /// psql would show the host, user or database that it parses.
  @Test(arguments: [
    "postgresql://u:sesame7f3@sesame7f3@127.0.0.1:1/d", "postgresql://u/sesame7f3@127.0.0.1:1/d",
    "postgresql://u:sesame7f3", "postgresql://u:x@127.0.0.1:sesame7f3/d", "postgresql://u:%zzsesame7f3@127.0.0.1:1/d",
    "postgresql://u@127.0.0.1:1/d/sesame7f3", "user=u:sesame7f3@127.0.0.1", "sesame7f3",
    "postgresql://u@127.0.0.1:1/d?password=Ge&sesame7f3", "postgresql://u@127.0.0.1:1/d?sesame7f3",
    "postgresql://u@127.0.0.1:1/x;password=sesame7f3", "postgresql://u@127.0.0.1:1/x,password=sesame7f3",
    "postgresql://u@127.0.0.1:1/x password=sesame7f3", "postgresql://u@127.0.0.1:1/x;sesame7f3",
    "postgresql://u@127.0.0.1:1/x=sesame7f3", "postgresql://u sesame7f3@h/x", "postgresql://u,sesame7f3@h/x",
    "postgresql://u@127.0.0.1:1/x;Pwd=sesame7f3", "user=u;password=sesame7f3 dbname=x", "dbname=x;password=sesame7f3",
    "dbname=x;sesame7f3", "user='u password=sesame7f3'", "dbname='x PWD = sesame7f3'",
    "postgresql://127.0.0.1:1/d?user=u:sesame7f3", "postgresql://u@h/d?port=sesame7f3",
    "postgresql://u:a%00sesame7f3@h/d", "postgresql://u@h/d?sslpassword=sesame7f3",
  ])
  func psqlGetsNoMalformedDatabaseURL(_ url: String) throws {
    let ended = try psql(url)
    #expect(ended.code == 64 && !(ended.stdout + ended.stderr).contains("sesame"), "\(ended)")
  }

  private func psql(_ url: String) throws -> Ended {
    let workshop = CommandSandbox()
    let fake = workshop.scratch.write(
      Array("#!/bin/sh\nprintf '%s|' \"$@\"\necho; echo \"$PGPASSWORD\"\n".utf8), to: "psql")
    chmod(fake, 0o755)
    return try workshop.command("load", ["psql", fake, "-c", "SELECT 1"], ["DATABASE_URL": url]).run()
  }

  private func refuses(_ stage: String, _ arguments: [String]) throws {
    for format in ["text", "json"] {
      let workshop = CommandSandbox()
      let ended = try workshop.command(stage, arguments + ["--json"], ["LOG_FORMAT": format]).run()
      #expect(ended.code == 64, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  /// libcurl shows such a URL, or the part that it parses as the host.
  @Test(arguments: [
    "http://u:sesame7f3@127.0.0.1:99999", "http://u:x@sesame7f3@127.0.0.1:99999", "http://u:sesame7f3/y@127.0.0.1:1",
    "http://u:x#sesame7f3@127.0.0.1:1", "http://u:x sesame7f3@127.0.0.1:1", "foo://u:sesame7f3@127.0.0.1:1",
    "u:sesame7f3@127.0.0.1:99999", "http://u:sesame7f3@[bad",
  ])
  func aMalformedProxyURLIsNotShown(_ proxy: String) throws {
    let workshop = CommandSandbox()
    let variables = [
      "SOURCE_URL": "https://127.0.0.1:1/x.csv", "https_proxy": proxy, "LOG_LEVEL": "trace", "LOG_FORMAT": "json",
      "CLOUDWATCH_LOG_GROUP": "/etl", "AWS_REGION": "ap-northeast-1", "AWS_ENDPOINT_URL": "https://127.0.0.1:1",
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "CLOUDWATCH_EXIT_SECONDS": "1",
    ]
    let ended = try workshop.run("fetch", "--json", variables: variables)
    #expect(ended.code == 69 && ended.stderr.contains("the proxy's address is malformed"), "\(ended)")
    #expect(ended.stderr.contains("https_proxy") && ended.stderr.contains("events for CloudWatch wait"), "\(ended)")
    #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
    #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
  }

  /// Plain http is only allowed on this machine, and a proxy could be another machine.
  @Test func aSourceOnThisMachineUsesNoProxy() throws {
    let workshop = CommandSandbox()
    let server = try LoopbackServer(FileScript(ServedFile(Source.plain(rows: 5))))
    let proxy = ["http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"]
    let ended = try workshop.run("fetch", "--source", server.url("/a.csv"), variables: proxy)
    #expect(ended.code == 0, "\(ended)")
  }

  @Test(
    arguments: ["JOBS", "CHUNK_SIZE", "LOG_LEVEL", "MAX_REJECTS", "KEEP"],
    ["sesame7f3", "x,sesame7f3", "x'sesame7f3", "x sesame7f3", "x@sesame7f3"])
  func aDatabaseURLInAnotherVariableIsNotShown(_ variable: String, _ password: String) throws {
    let workshop = CommandSandbox()
    let variables = [variable: "postgresql://u:\(password)@h/d", "LOG_FILE": workshop.scratch.path + "/log"]
    let ended = try workshop.command("fetch", ["run", "--sample", "--json"], variables).run()
    #expect(ended.code == 64, "\(ended)")
    #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
    #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
  }

  @Test(arguments: ["JOBS", "CHUNK_SIZE", "LOG_LEVEL", "LOG_FORMAT", "MAX_REJECTS", "KEEP", "RETRY_PAUSE_SECONDS"])
  func aConnectionStringInAnotherVariableIsNotShown(_ variable: String) throws {
    for value in ["host=h password=sesame7f3", "jdbc:postgresql://h/d?user=u&password=sesame7f3"] {
      let workshop = CommandSandbox()
      let variables = [variable: value, "LOG_FILE": workshop.scratch.path + "/log"]
      let ended = try workshop.command("fetch", ["run", "--sample", "--json"], variables).run()
      #expect(ended.code == 64, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  /// Hints contain the spool folder.
  @Test(arguments: ["postgresql://u:sesame;7f3@127.0.0.1", "host=h password=sesame7f3"])
  func aDatabaseURLAsTheSpoolIsNotShown(_ spool: String) throws {
    let workshop = CommandSandbox()
    for stage in ["transform", "load"] {
      let ended = try workshop.command(stage, ["--spool", spool], ["DATABASE_URL": "postgresql:///x"]).run()
      #expect(ended.code != 0 && !ended.stderr.contains("sesame"), "\(ended)")
    }
  }

  /// The text before an unescaped `/` or `#` looks like host and port.
  @Test(arguments: [
    "http://sesame7f3:1/y@127.0.0.1:1", "http://sesame7f3:1#y@127.0.0.1:1", "http://sesame7f3/y@127.0.0.1:1",
  ])
  func aProxyLoginThatLooksLikeAHostIsNotShown(_ proxy: String) throws {
    let workshop = CommandSandbox()
    let variables = ["SOURCE_URL": "https://127.0.0.1:1/x.csv", "https_proxy": proxy, "LOG_LEVEL": "trace"]
    let ended = try workshop.run("fetch", "--json", "--timeout", "1", variables: variables)
    #expect(ended.code == 75, "\(ended)")
    #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
    #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
  }

  @Test(arguments: [
    "https:/user:sesame7f3@127.0.0.1/x.csv", "https//user:sesame7f3@127.0.0.1/x.csv", "user:sesame7f3@127.0.0.1/x.csv",
    "https:/127.0.0.1/x.csv?X-Amz-Signature=sesame7f3", "127.0.0.1/x.csv?X-Amz-Signature=sesame7f3",
    "//user:sesame7f3@127.0.0.1/x.csv", "https;//127.0.0.1/sesame7f3", "file://user:sesame7f3@127.0.0.1/x.csv",
    "user:sesame7f3@https://127.0.0.1/x.csv", "https://user:1/sesame7f3@127.0.0.1/x.csv",
    "https://user:sesame/7f3@127.0.0.1/x.csv", "https://user:1#sesame7f3@127.0.0.1/x.csv",
    "https://user:1?sesame7f3@127.0.0.1/x.csv", "https://sesame7f3/x@127.0.0.1/x.csv", "user=u password=sesame7f3",
    "host=h passwd=sesame7f3",
  ])
  func aMistypedSourceURLIsNotShown(_ url: String) throws {
    for (arguments, variables) in [
      ([], ["SOURCE_URL": url]), (["--source", url], [:]), (["--source=" + url], [:]), ([url], [:]),
      (["--sorce=" + url], [:]),
    ] as [([String], [String: String])] {
      let workshop = CommandSandbox()
      let log = workshop.scratch.path + "/log"
      let more = ["LOG_FILE": log, "LOG_LEVEL": "trace"].merging(variables) { $1 }
      let ended = try workshop.command("fetch", arguments + ["--json"], more).run()
      #expect(ended.code == 64, "\(ended)")
      #expect(!ended.stdout.contains("sesame") && !ended.stderr.contains("sesame"), "\(ended)")
      #expect(try files(under: workshop.scratch.path, holding: "sesame").isEmpty)
    }
  }

  /// An existing file with such a name is used as a file.
  @Test func aFileNamedLikeAURLIsFetched() throws {
    let workshop = CommandSandbox()
    let file = workshop.file(Source.plain(rows: 5), "http:a@b?c=d.csv")
    try workshop.succeed("fetch", "--source", file)
    try workshop.succeed("fetch", "--source", "http:a@b?c=d.csv")
  }

  /// Passwords are allowed in SOURCE_URL; they are only sent to the server.
  @Test(arguments: [Attempt.whole, .page(404), .page(401, headers: ["WWW-Authenticate": "Basic"])])
  func aSourcePasswordInTheEnvironmentIsSentOnlyToTheServer(_ attempt: Attempt) throws {
    let workshop = CommandSandbox()
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
