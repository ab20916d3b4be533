import Glibc
import LoopbackServer
import TestSupport
import Testing

/// Wrong usage is 64, with a one-line message and a hint, before anything is done.
@Suite struct UsageTests {
  struct Call: CustomTestStringConvertible {
    var stage: String
    var arguments: [String] = []
    var variables: [String: String] = [:]
    /// A part of the expected error message.
    var names: String

    var testDescription: String {
      (variables.map { "\($0)=\($1)" } + [stage] + arguments).joined(separator: " ")
    }
  }

  static let wrong: [Call] =
    ["fetch", "transform", "load"].flatMap { stage in
      [
        Call(stage: stage, arguments: ["--bogus"], names: "--bogus"),
        Call(stage: stage, arguments: ["stray"], names: "stray"),
      ]
    }
    + [
      Call(stage: "fetch", arguments: ["--source"], names: "--source"),
      Call(stage: "fetch", arguments: ["--limit", "0"], names: "--limit '0'"),
      Call(stage: "fetch", arguments: ["--limit=-1"], names: "--limit '-1'"),
      Call(stage: "fetch", arguments: ["--chunk-size", "x"], names: "--chunk-size 'x'"),
      Call(stage: "fetch", arguments: ["--chunk-size", "0"], names: "--chunk-size '0'"),
      Call(stage: "fetch", arguments: ["--timeout", "soon"], names: "--timeout 'soon'"),
      Call(stage: "fetch", variables: ["CHUNK_SIZE": "abc"], names: "CHUNK_SIZE 'abc'"),
      Call(stage: "fetch", arguments: ["--sample", "--source", "a.csv"], names: "--sample and --source"),
      Call(stage: "fetch", arguments: ["--source", "http://example.org/a.csv"], names: "plain http to 'example.org'"),
      Call(stage: "fetch", arguments: ["--source", "http://127.0.0.1.example.org/a.csv"], names: "plain http"),
      Call(stage: "fetch", arguments: ["--source", "http://127.0.0.1@example.org/a.csv"], names: "plain http"),
      Call(stage: "fetch", variables: ["SOURCE_URL": "http://example.org/a.csv"], names: "plain http"),
      Call(stage: "fetch", arguments: ["--source", "ftp://127.0.0.1/a.csv"], names: "'ftp'"),
      Call(stage: "fetch", arguments: ["--source", "https:///a.csv"], names: "not a valid URL"),
      Call(stage: "transform", arguments: ["--jobs", "0"], names: "--jobs '0'"),
      Call(stage: "transform", variables: ["JOBS": "many"], names: "JOBS 'many'"),
      Call(stage: "transform", arguments: ["--max-rejects=-1"], names: "'-1'"),
      Call(stage: "transform", arguments: ["--max-rejects", "101%"], names: "'101%'"),
      Call(stage: "transform", arguments: ["--max-rejects", "nan%"], names: "'nan%'"),
      Call(stage: "transform", variables: ["MAX_REJECTS": "some"], names: "'some'"),
      Call(stage: "transform", arguments: ["--shard", "4/3"], names: "--shard '4/3'"),
      Call(stage: "transform", arguments: ["--shard", "0/3"], names: "--shard '0/3'"),
      Call(stage: "transform", arguments: ["--shard", "1"], names: "--shard '1'"),
      Call(stage: "transform", arguments: ["--chunk", "0"], names: "--chunk '0'"),
      Call(stage: "transform", arguments: ["--chunk", "1", "--shard", "1/2"], names: "--chunk and --shard"),
      Call(stage: "transform", arguments: ["--snapshot", "../x"], names: "'../x'"),
      Call(stage: "load", names: "no database"),
      Call(stage: "load", arguments: ["--database-url", "postgresql:///x", "--jobs", "257"], names: "--jobs '257'"),
      Call(stage: "load", arguments: ["--database-url", "postgresql:///x", "--max-rejects", "%"], names: "'%'"),
      Call(stage: "transform", arguments: ["--accept", ""], names: "--accept needs a reason"),
    ]
    + [
      (["--accept", ""], "--accept needs a reason"), (["--accept", " \t"], "--accept needs a reason"),
      (["--max-decrease", "x"], "--max-decrease 'x'"), (["--max-decrease", "1e3"], "--max-decrease '1e3'"),
      (["--max-increase=-1%"], "--max-increase '-1%'"), (["--max-change", "nan"], "--max-change 'nan'"),
      (["--max-city-loss", "%"], "--max-city-loss '%'"), (["--max-city-loss", "1,5%"], "--max-city-loss '1,5%'"),
      (["--keep", "0"], "--keep '0'"), (["--retain-days", "0"], "--retain-days '0'"),
    ].map { Call(stage: "load", arguments: ["--database-url", "postgresql:///x"] + $0, names: $1) }
    + ["MAX_DECREASE", "MAX_INCREASE", "MAX_CHANGE", "MAX_CITY_LOSS", "KEEP", "RETAIN_DAYS"].map {
      Call(
        stage: "load", arguments: ["--database-url", "postgresql:///x"], variables: [$0: "many"], names: "\($0) 'many'")
    }

  @Test(arguments: wrong)
  func wrongUsageIsReportedInOneLineWithAHint(_ call: Call) throws {
    let workshop = CommandSandbox()
    let ended = try workshop.command(call.stage, call.arguments, call.variables).run()
    expect(ended, from: call.stage, fails: 64, saying: call.names)
    #expect(ended.stdout.isEmpty)
    #expect(try workshop.snapshots.isEmpty)
  }

  /// `pipeline.sh` passes its arguments on to the executables: hints name `pipeline.sh`, not a binary.
  @Test(arguments: [
    ("fetch", ["--bogus"], "fetch"), ("transform", ["--bogus"], "transform"), ("load", ["--bogus"], "load"),
    ("transform", ["findings", "--bogus"], "findings"), ("load", ["runs", "--bogus"], "runs"),
    ("load", ["gc", "--bogus"], "gc"), ("load", ["replay", "--bogus"], "replay"),
  ])
  func hintsNameThePipelineCommand(stage: String, arguments: [String], command: String) throws {
    let workshop = CommandSandbox()
    let ended = try workshop.command(stage, arguments).run()
    #expect(ended.code == 64)
    #expect(ended.stderr.contains("\nHINT: see './pipeline.sh \(command) --help'\n"), "\(ended)")
  }

  @Test func aMissingChunkIsWrongUsage() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 3)))
    expect(try workshop.run("transform", "--chunk", "2"), from: "transform", fails: 64, saying: "no chunk 2")
  }

  @Test(arguments: ["fetch", "transform", "load"])
  func helpAndVersionCreateNoFiles(_ stage: String) throws {
    for option in ["--help", "--version"] {
      var workshop = CommandSandbox()
      workshop.environment["SPOOL_DIR"] = workshop.spool
      let ended = try Command(
        program: Command.path(of: stage), arguments: [option], environment: workshop.environment,
        folder: workshop.scratch.path
      ).run()
      #expect(ended.code == 0 && !ended.stdout.isEmpty && ended.stderr.isEmpty, "\(ended)")
      #expect(access(workshop.spool, F_OK) != 0)
    }
    let version = try CommandSandbox().run(stage, "--version").stdout
    #expect(version == "1.0.0\n")
  }

  /// As in a container that runs with any user ID. The stage is copied to a folder that this user may enter.
  @Test(
    "if the system has no name for the user, the hint asks for one in the database URL",
    .enabled(if: geteuid() == 0, "needs root, to run as another user"))
  func userless() throws {
    let workshop = CommandSandbox(onDisk: true)
    chmod(workshop.scratch.path, 0o755)
    let program = workshop.scratch.path + "/load"
    try Files.copy(Command.path(of: "load"), to: program)
    for arguments in [["changes"], ["status"]] {
      let ended = try Command(
        program: "/usr/bin/setpriv", arguments: ["--reuid=54321", "--clear-groups", program] + arguments,
        environment: workshop.environment.merging([
          "DATABASE_URL": "postgresql://:geheim@/registry?host=/nonexistent", "SPOOL_DIR": workshop.spool,
        ]) { $1 }, folder: workshop.scratch.path
      ).run()
      expect(ended, from: "load", fails: 64, saying: "the database URL: local user with ID 54321 does not exist")
      #expect(ended.stderr.contains("HINT: name the user in the database URL"), "\(ended)")
      #expect(!ended.stderr.contains("geheim"), "\(ended)")
    }
  }

  @Test("faults and pauses that do not exist are refused before anything is written")
  func faults() throws {
    for (variables, words) in [
      (["REGISTRY_FAULT": "kill-sometimes@fetch.json:write"], "REGISTRY_FAULT is not one of"),
      (["REGISTRY_FAULT": "trace@/nonexistent/trace"], "REGISTRY_FAULT is not one of"),
      (["RETRY_PAUSE_SECONDS": "soon"], "RETRY_PAUSE_SECONDS 'soon' is not a whole number"),
    ] {
      let workshop = CommandSandbox()
      let ended = try workshop.run("fetch", "--sample", variables: variables)
      #expect(ended.code == 64 && ended.stderr.contains(words), "\(ended)")
      #expect(try workshop.snapshots.isEmpty)
    }
  }
}
