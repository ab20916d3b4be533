import Glibc
import LoopbackServer
import Spool
import TestSupport
import Testing

/// Exit codes of the stages.
@Suite struct ExitCodeTests {
  static let nowhere = ["DATABASE_URL": "postgresql:///x?host=/nonexistent"]

  /// For health checks of containers.
  @Test func aHealthCheckFailsWithoutADatabase() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let check = try workshop.run("load", "status", "--check", variables: ExitCodeTests.nowhere)
    #expect(check.code == 75 && check.stdout.isEmpty, "\(check)")
  }

  @Test func aStageWithoutTheStageBeforeIs66() throws {
    let workshop = CommandSandbox()
    for stage in ["transform", "load"] {
      expect(
        try workshop.run(stage, variables: Self.nowhere), from: stage, fails: 66, saying: "holds no snapshot")
      expect(
        try workshop.run(stage, "--snapshot", "20260101T000000Z-00000000", variables: Self.nowhere), from: stage,
        fails: 66, saying: "20260101T000000Z-00000000")
    }
    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 10)), "--chunk-size", "4")
    let snapshot = try workshop.snapshot()
    expect(try workshop.run("load", variables: Self.nowhere), from: "load", fails: 66, saying: "not transformed")
    // One chunk is not validated, so the snapshot is not finalized.
    for chunk in ["1", "3"] { try workshop.succeed("transform", "--chunk", chunk) }
    expect(try workshop.run("load", variables: Self.nowhere), from: "load", fails: 66, saying: "not transformed")
    unlink(snapshot.fetchManifest)
    expect(try workshop.run("transform"), from: "transform", fails: 66, saying: "fetch.json")
    expect(try workshop.run("load", variables: Self.nowhere), from: "load", fails: 66, saying: "not fetched")
  }

  @Test func aMissingSourceIs69() throws {
    let workshop = CommandSandbox()
    mkdir(workshop.scratch.path + "/folder", 0o755)
    for path in ["missing.csv", "folder", "missing/a.csv", "file://" + workshop.scratch.path + "/missing.csv"] {
      expect(try workshop.run("fetch", "--source", path), from: "fetch", fails: 69, saying: "")
    }
    expect(
      try workshop.run("fetch", "--source", "file://missing.csv"), from: "fetch", fails: 64, saying: "another host")
    for (attempt, names) in [
      (Attempt.page(404), "404"), (.page(403), "403"), (.page(410), "410"),
      (.redirect(to: "http://example.org/a.csv"), "redirect"), (.redirect(to: "file:///etc/passwd"), "redirect"),
    ] {
      let server = try LoopbackServer(FileScript(ServedFile("x"), otherwise: attempt))
      expect(try workshop.run("fetch", "--source", server.url("/a.csv")), from: "fetch", fails: 69, saying: names)
      #expect(server.requests.count == 1, "no retry")
    }
    #expect(try workshop.snapshots.isEmpty)
  }

  @Test func aSecondFetchDuringTheFirstIs75() throws {
    let workshop = CommandSandbox()
    let gate = Gate()
    let bytes = Array(Source.plain(rows: 5000).utf8)
    let server = try LoopbackServer(FileScript(ServedFile(bytes), plan: [.paused(at: bytes.count / 2, until: gate)]))
    let first = try workshop.start("fetch", "--source", server.url("/a.csv"))
    try server.waitFor(requests: 1)
    let second = try workshop.run("fetch", "--source", server.url("/a.csv"))
    expect(second, from: "fetch", fails: 75, saying: "another fetch is running")
    #expect(!second.stderr.contains("was killed"))
    gate.open()
    #expect(try first.wait().code == 0)
    #expect(server.requests.count == 1)
    #expect(try workshop.markers == [])
    #expect(try FetchManifest.read(at: workshop.snapshot().fetchManifest)?.csv.bytes == bytes.count)
  }

  @Test func aLongRetryAfterIs75() throws {
    let workshop = CommandSandbox()
    let server = try LoopbackServer(FileScript(ServedFile("x"), otherwise: .busy(503, retryAfter: "61")))
    expect(try workshop.run("fetch", "--source", server.url("/a.csv")), from: "fetch", fails: 75, saying: "61 s")
  }
}
