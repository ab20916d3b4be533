import Foundation
import LoopbackServer
import Testing

/// The server itself, with handlers that use the responder directly.
@Suite struct ServerTests {
  @Test func requestsAreAnsweredAndRecorded() throws {
    let server = try LoopbackServer { request, responder in
      let body = "\(request.method) \(request.path) \(request.headers["x-TEST"] ?? "")"
      try responder.sendHead(status: 200, headers: ["Content-Length": "\(body.utf8.count)"])
      try responder.send(body.utf8)
    }
    let result = try curl("-H", "X-Test: yes", to: server, path: "/a?b=c")
    #expect(result.exit == 0)
    #expect(String(decoding: result.body, as: UTF8.self) == "GET /a yes")
    #expect(server.requests.map(\.target) == ["/a?b=c"])
    #expect(server.requests.map(\.number) == [1])
    #expect(server.bytesSent == result.body.count)
    #expect(server.bytesSent(request: 1) == result.body.count)
    #expect(server.bytesSent(request: 2) == 0)
    #expect(server.wireBytesSent > server.bytesSent)
    #expect(try server.waitForEnd(ofRequest: 1).outcome == .complete)
    #expect(server.exchanges.map(\.status) == [200])
    #expect(server.failures.isEmpty)
  }

  @Test func theConnectionIsKept() throws {
    let server = try LoopbackServer(FileScript(ServedFile("abc")))
    let result = try curl(to: server, more: ["/1", "/2"])
    #expect(result.exit == 0)
    #expect(server.requests.count == 3)
    #expect(server.connections == 1)
    #expect(Set(server.requests.map(\.connection)) == [1])
  }

  @Test func theConnectionIsClosedOnRequest() throws {
    let server = try LoopbackServer(FileScript(ServedFile("abc")))
    let result = try curl("-H", "Connection: close", to: server, more: ["/1"])
    #expect(result.exit == 0)
    #expect(server.connections == 2)
  }

  @Test func requestBodiesAreRead() throws {
    let server = try LoopbackServer { request, responder in
      try responder.sendHead(status: 200, headers: ["Content-Length": "\(request.body.count)"])
      try responder.send(request.body)
    }
    let result = try curl("--data", "hello", to: server)
    #expect(result.body == Array("hello".utf8))
  }

  @Test func tooLongRequestsAreRefused() throws {
    let server = try LoopbackServer(FileScript(ServedFile("abc")))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("loopback-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(("X-Long: " + String(repeating: "x", count: 200_000)).utf8).write(to: folder)
    #expect(try curl("-H", "@\(folder.path)", to: server).status == 431)
    #expect(try curl("-H", "Content-Length: 9999999999", "--data", "x", to: server).status == 413)
    #expect(try curl("-H", "Transfer-Encoding: chunked", "--data", "x", to: server).status == 411)
    #expect(server.requests.isEmpty)
  }

  @Test func aResetReachesTheClient() throws {
    let server = try LoopbackServer { _, responder in
      try responder.sendHead(status: 200, headers: ["Content-Length": "10"])
      try responder.send([1, 2, 3])
      try responder.reset()
    }
    #expect(try curl(to: server).exit == 56)
    #expect(try server.waitForEnd(ofRequest: 1).outcome == .reset)
  }

  @Test func aHandlerWithoutAnAnswerClosesTheConnection() throws {
    let server = try LoopbackServer { _, _ in }
    #expect(try curl(to: server).exit == 52)
    #expect(try server.waitForEnd(ofRequest: 1).outcome == .closed)
  }

  @Test func rawBytesAreSentUnchanged() throws {
    let server = try LoopbackServer { _, responder in try responder.sendRaw("HTTP/1.1 nonsense\r\n\r\n") }
    #expect(try curl(to: server).exit != 0)
    let other = try LoopbackServer { _, responder in
      try responder.sendHead(status: 103)
      try responder.sendRaw("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok")
    }
    let result = try curl(to: other)
    #expect(result.body == Array("ok".utf8))
    #expect(result.head.contains("200 Fine"))
  }

  @Test func aFailedHandlerIsReported() throws {
    struct Broken: Error {}
    let server = try LoopbackServer { _, _ in throw Broken() }
    #expect(try curl(to: server).exit == 52)
    try server.waitForEnd(ofRequest: 1)
    #expect(server.failures == ["request 1: Broken()"])
  }

  @Test func aHandlerNoticesThatTheClientLeft() throws {
    let seen = Gate()
    let server = try LoopbackServer { _, responder in
      try responder.sendHead(status: 200, headers: ["Content-Length": "10"])
      try responder.waitUntilClientIsGone()
      if responder.clientIsGone { seen.open() }
      try responder.send([1])
      try responder.send([1])
    }
    let client = try Curl([server.url()])
    try server.waitFor(requests: 1)
    client.kill()
    try seen.waitUntilOpen()
    #expect(seen.isOpen)
    _ = try client.finish()
  }

  @Test func theServerStopsWhileHandlersWait() throws {
    let never = Gate()
    let server = try LoopbackServer { request, responder in
      if request.path == "/gate" { try responder.wait(until: never) }
      try responder.sendHead(status: 200)
      while true { try responder.send([UInt8](repeating: 0, count: 1 << 20)) }
    }
    let waiting = try Curl([server.url("/gate")])
    let slow = try Curl(["--limit-rate", "1k", server.url("/slow")])
    try server.waitFor(requests: 2)
    try server.waitFor(bytesSent: 1 << 20)
    server.stop()
    #expect(server.exchanges.map(\.outcome) == [.stopped, .stopped])
    #expect(try waiting.finish().exit == 52)
    slow.kill()
    _ = try slow.finish()
    #expect(try curl(to: server).exit == 7)
  }

  @Test func waitsTimeOut() throws {
    let server = try LoopbackServer(FileScript(ServedFile("abc")))
    #expect(throws: LoopbackError.self) { try server.waitFor(requests: 1, timeout: .milliseconds(20)) }
    #expect(throws: LoopbackError.self) { try server.waitFor(bytesSent: 1, timeout: .milliseconds(20)) }
    #expect(throws: LoopbackError.timedOut("a gate stayed closed")) {
      try Gate().waitUntilOpen(timeout: .milliseconds(20))
    }
    try server.waitUntilIdle(timeout: .milliseconds(20))
  }

  @Test func manyConnectionsAreServedAtOnce() throws {
    let server = try LoopbackServer(FileScript(ServedFile(.zeros(300_000))))
    let clients = try (0..<10).map { _ in try Curl([server.url()]) }
    for client in clients { #expect(try client.finish().body.count == 300_000) }
    #expect(server.bytesSent == 3_000_000)
    #expect(server.connections == 10)
    #expect(Set(server.requests.map(\.number)) == Set(1...10))
  }

  @Test func onOwnThreadReturnsResultsAndErrors() async throws {
    let server = try LoopbackServer(FileScript(ServedFile("abc")))
    #expect(try await onOwnThread { try curl(to: server).status } == 200)
    await #expect(throws: LoopbackError.stopped) { try await onOwnThread { throw LoopbackError.stopped } }
  }
}
