import Glibc
import Spool
import TestSupport
import Testing

/// A source that is a stream, and one that a file URL names.
@Suite struct StreamTests {
  private let workshop = CommandSandbox()

  /// Runs fetch in a shell, which replaces `FETCH` by the command.
  private func shell(_ text: String, _ arguments: String...) throws -> Command {
    let fetch = workshop.command("fetch", arguments)
    let command = ([fetch.program] + fetch.arguments).map { "'\($0)'" }.joined(separator: " ")
    return Command(
      program: "/bin/bash",
      arguments: ["-c", text.split(separator: "FETCH", omittingEmptySubsequences: false).joined(separator: command)],
      environment: fetch.environment, folder: fetch.folder)
  }

  /// The chunk files and chunk manifests of the newest snapshot.
  private func chunks() throws -> [String: String] {
    let snapshot = try #require(try workshop.snapshots.last)
    return try files(snapshot.fetchFolder).filter { $0.key.hasPrefix("0") }
  }

  @Test(arguments: ["1", "7", "50000"])
  func aStreamGivesTheChunksOfTheFile(chunkSize: String) throws {
    let path = workshop.file(try Source.generate(rows: 100, dirt: [.unusual: 20]), "全 100%.csv")
    try workshop.succeed("fetch", "--source", path, "--chunk-size", chunkSize)
    let expected = try chunks()
    #expect(expected.count >= (chunkSize == "1" ? 200 : chunkSize == "7" ? 30 : 2))
    let url = "file://" + workshop.scratch.path + "/%E5%85%a8%20100%25.csv"
    for (text, source, shown) in [
      ("FETCH", url, path), ("cat '\(path)' | FETCH", "-", "stdin"), ("FETCH <'\(path)'", "-", "stdin"),
      ("FETCH <'\(path)'", "/dev/stdin", "stdin"), ("FETCH 7< <(cat '\(path)')", "/dev/fd/7", "/dev/fd/7"),
      ("mkfifo p; cat '\(path)' >p & FETCH; code=$?; rm p; exit $code", "p", "p"),
    ] {
      let ended = try shell(text, "--source", source, "--chunk-size", chunkSize, "--force").run()
      #expect(ended.code == 0, "\(text): \(ended)")
      #expect(try chunks() == expected, "\(text)")
      let snapshot = try #require(try workshop.snapshots.last)
      #expect(try FetchManifest.read(at: snapshot.fetchManifest)?.source.url == shown)
    }
    #expect(try workshop.snapshots.count == 7)
    let again = try shell("cat '\(path)' | FETCH", "--source", "-", "--chunk-size", chunkSize).run()
    #expect(again.code == 0 && again.stderr.contains("nothing to fetch"), "\(again)")
    #expect(try workshop.snapshots.count == 7, "the snapshot that was begun is removed")
  }

  @Test func aRepeatedFetchKeepsTheChunksOfAKilledOne() throws {
    let bytes = try Source.generate(rows: 1000)
    let pipe = workshop.scratch.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let killed = try workshop.start("fetch", "--source", pipe, "--chunk-size", "100")
    let writer = open(pipe, O_WRONLY | O_CLOEXEC)
    #expect(bytes.withUnsafeBytes { write(writer, $0.baseAddress, bytes.count * 6 / 10) } == bytes.count * 6 / 10)
    try killed.wait(until: "five chunks are there") {
      try workshop.snapshots.last.map { try manifests($0.fetchFolder) >= 5 } ?? false
    }
    killed.kill(SIGKILL)
    #expect(try killed.wait().signal == SIGKILL)
    close(writer)
    let first = try inodes(workshop.snapshot().fetchFolder)

    _ = workshop.file(bytes)
    #expect(try shell("cat source.csv >pipe & FETCH", "--source", pipe, "--chunk-size", "100").run().code == 0)
    let second = try workshop.snapshot()
    #expect(try source(second) == bytes)
    let kept = try inodes(second.fetchFolder)
    // A killed fetch may leave a file without its manifest, which is written after it.
    let finished = first.filter { $0.key.hasSuffix(".zst") && first["\($0.key.prefix(6)).json"] != nil }
    #expect(finished.count >= 4 && finished.allSatisfy { kept[$0.key] == $0.value })
  }

  @Test func aStreamIsBounded() throws {
    let tooLarge = try shell("cat /dev/zero | FETCH", "--source", "-", "--max-bytes", "1000").run()
    expect(tooLarge, from: "fetch", fails: 65, saying: "more than --max-bytes 1000")
    #expect(mkfifo(workshop.scratch.path + "/pipe", 0o600) == 0)
    let silent = try workshop.run("fetch", "--source", "pipe", "--timeout", "1")
    expect(silent, from: "fetch", fails: 75, saying: "did not end within 1 s (--timeout)")
    // Nothing is kept open, and the writer's own settings stay as they are.
    let limited = try shell(
      "{ cat '\(workshop.file(Source.plain(rows: 50_000)))'; echo $? >&2; } | FETCH", "--source", "-", "--limit", "5"
    ).run()
    #expect(limited.code == 0 && limited.stderr.split(separator: "\n").contains("141"), "\(limited)")
  }

  @Test func aFileBehindADescriptorMustNotChange() throws {
    let bytes = try Source.generate(rows: 100_000)
    let path = workshop.file(bytes)
    let fetch = try shell("exec FETCH <'\(path)'", "--source", "-", "--chunk-size", "1000").start()
    try fetch.wait(until: "two chunks are there") {
      try workshop.snapshots.last.map { try manifests($0.fetchFolder) >= 2 } ?? false
    }
    fetch.kill(SIGSTOP)
    _ = workshop.file(bytes.reversed())
    fetch.kill(SIGCONT)
    expect(try fetch.wait(), from: "fetch", fails: 75, saying: "the file behind stdin changed")
  }

  @Test func aPipeHasOneReader() throws {
    let pipe = workshop.scratch.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let first = try workshop.start("fetch", "--source", pipe, variables: ["LOG_FORMAT": "json"])
    let inode = try #require(inodes(workshop.scratch.path)["pipe"])
    try first.wait(until: "it has locked the pipe") {
      String(decoding: ScratchFolder.read("/proc/locks") ?? [], as: UTF8.self).contains(":\(inode) ")
    }
    var other = workshop
    other.spool += "2"
    expect(try other.run("fetch", "--source", pipe), from: "fetch", fails: 75, saying: "another run reads")
    first.kill(SIGTERM)
    #expect(try first.wait().code == 143)
  }

  @Test func aSignalEndsTheWaitForAWriter() throws {
    #expect(mkfifo(workshop.scratch.path + "/pipe", 0o600) == 0)
    let waiting = try workshop.start("fetch", "--source", "pipe", variables: ["LOG_FORMAT": "json"])
    try waiting.wait(until: "it has started") { waiting.stderr.contains("etl_started") }
    waiting.kill(SIGTERM)
    let ended = try waiting.wait()
    #expect(ended.code == 143, "\(ended)")
    #expect(try LogLine.read(ended.stderr).all("etl_failed").count == 1)
  }

  @Test func whatIsNoStreamIsRefused() throws {
    expect(try shell("FETCH", "--source", "/dev/fd/77").run(), from: "fetch", fails: 69, saying: "bad file descriptor")
    expect(try shell("FETCH </", "--source", "-").run(), from: "fetch", fails: 69, saying: "unable to read stdin")
    expect(try shell("FETCH <&-", "--source", "-").run(), from: "fetch", fails: 65, saying: "empty")
    expect(try workshop.run("fetch", "--source", "/dev/zero"), from: "fetch", fails: 69, saying: "not a regular file")
    // script gives the command a terminal as stdin.
    let terminal = try shell(
      "script -qec \"FETCH 2>err\" /dev/null >/dev/null; code=$?; cat err >&2; exit $code", "--source", "-"
    ).run()
    expect(terminal, from: "fetch", fails: 64, saying: "stdin, which is a terminal")
    for escape in ["%", "%4", "%zz", "%+1", "%FF", "%00"] {
      expect(
        try workshop.run("fetch", "--source", "file:///sesame\(escape)"), from: "fetch", fails: 64,
        saying: "file URL with a '%'")
    }
    #expect(try workshop.snapshots.isEmpty)
  }
}
