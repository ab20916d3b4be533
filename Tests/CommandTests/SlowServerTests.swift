import LoopbackServer
import Spool
import TLSProxy
import TestSupport
import Testing

/// Slow servers: `fetch` enforces every time limit.
@Suite struct SlowServerTests {
  static let bytes = Array(Source.plain(rows: 20_000).utf8)

  /// A server, a running fetch, and its expected result.
  private struct Case {
    let what: String
    let workshop = CommandSandbox()
    let server: LoopbackServer
    let running: Running
    let says: String
    var requests = 4...4
    var script: FileScript?
    var url = ""

    init(
      _ what: String, _ attempt: Attempt, _ options: String..., says: String, requests: ClosedRange<Int> = 4...4
    ) throws {
      let script = FileScript(ServedFile(SlowServerTests.bytes, etag: "\"v1\""), otherwise: attempt)
      try self.init(what, try LoopbackServer(script), options, says, requests)
      self.script = script
    }

    init(
      _ what: String, _ server: LoopbackServer, _ options: [String], _ says: String, _ requests: ClosedRange<Int>,
      url: String? = nil, variables: [String: String] = [:]
    ) throws {
      (self.what, self.server, self.says, self.requests) = (what, server, says, requests)
      self.url = url ?? server.url("/a.csv")
      running = try workshop.command(
        "fetch", ["--source", self.url, "--chunk-size", "1000"] + options, variables
      ).start()
    }
  }

  /// All cases run concurrently: they only wait.
  @Test func everyTimeLimitIsEnforced() throws {
    let never = Gate()
    let blackhole = try Blackhole()
    let refusing = try LoopbackServer(FileScript(ServedFile("x")))
    refusing.stop()
    let clock = ContinuousClock()
    let started = clock.now
    let silent = try LoopbackServer(FileScript(ServedFile("x"), otherwise: .silent(until: never)))
    let dripping = try LoopbackServer { _, responder in
      try responder.sendRaw("HTTP/1.1 200 OK\r\nX: ")
      while true {
        try responder.sendRaw("y")
        try responder.dawdle(.milliseconds(100))
      }
    }
    let slow = ["--stall-timeout", "1", "--timeout", "60"]
    let cases = [
      try Case("503 for ever", .busy(503), says: "answers 503; gave up after 4 attempts"),
      try Case("silence", .silent(until: never), "--stall-timeout", "1", says: "too slow"),
      try Case(
        "500 B/s", .trickling(50, pace: .every(.milliseconds(100))), "--stall-timeout", "1", says: "too slow"),
      try Case(
        "a stop in the middle", .paused(at: 60_000, until: never), "--stall-timeout", "1", "--timeout", "9",
        says: "within 9 s",
        requests: 1...2),
      try Case(
        "10 KB/s", .trickling(1000, pace: .every(.milliseconds(100))), "--stall-timeout", "1", "--timeout", "4",
        says: "within 4 s", requests: 1...1),
      try Case("silence, no time", .silent(until: never), "--timeout", "2", says: "within 2 s", requests: 1...1),
      try Case("503, no time", .busy(503), "--timeout", "2", says: "within 2 s", requests: 1...2),
      try Case("headers that drip", dripping, slow, "too slow", 4...4),
      try Case(
        "never accepted", silent, ["--connect-timeout", "1"], "(curl 28); gave up after 4 attempts", 0...0,
        url: "http://127.0.0.1:\(blackhole.port)/a.csv"),
      try Case(
        "never accepted, no time", silent, ["--timeout", "2"], "within 2 s", 0...0,
        url: "https://127.0.0.1:\(blackhole.port)/a.csv"),
      try Case(
        "a handshake without an end", silent, ["--connect-timeout", "1"], "(curl 28); gave up after 4 attempts", 0...0,
        url: "https://127.0.0.1:\(silent.port)/a.csv"),
      try Case("refused", refusing, [], "(curl 7); gave up after 4 attempts", 0...0),
      try Case(
        "a proxy that says nothing", silent, ["--connect-timeout", "1"], "(curl 28); gave up after 4 attempts", 0...0,
        url: "https://127.0.0.1:1/a.csv", variables: ["https_proxy": silent.url("")]),
      try Case(
        "a proxy that refuses", refusing, [], "(curl 7); gave up after 4 attempts", 0...0,
        url: "https://127.0.0.1:1/a.csv",
        variables: ["https_proxy": refusing.url("")]),
    ]
    for one in cases {
      // Longer than each limit, for a busy machine.
      let ended = try one.running.wait(seconds: 60)
      expect(ended, from: "fetch", fails: 75, saying: one.says)
      #expect(ended.stderr.contains("fetch: unable to fetch \(one.url)"), "\(one.what): \(ended)")
      if one.says.hasSuffix("4 attempts") || one.requests == 4...4 {
        #expect(clock.now - started >= .seconds(7), "\(one.what): it waits 1, 2 and 4 s in between")
      }
      if one.server !== silent { #expect(one.requests ~= one.server.requests.count, "\(one.what)") }
      for snapshot in try one.workshop.snapshots {
        #expect(try SpoolFile.size(snapshot.fetchManifest) == nil, "\(one.what)")
      }
      // The same command succeeds once the server works.
      guard let script = one.script else { continue }
      script.update { $0.otherwise = .whole }
      try one.workshop.succeed("fetch", "--source", one.url, "--chunk-size", "1000")
      let fetched = try source(one.workshop.snapshot())
      #expect(fetched == Self.bytes, "\(one.what)")
    }
  }
}
