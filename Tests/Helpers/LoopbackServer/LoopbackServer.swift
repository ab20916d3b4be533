/// An HTTP/1.1 server on 127.0.0.1 for tests in the same process, with one blocking thread per connection. Handlers of
/// several connections run concurrently.
public final class LoopbackServer: Sendable {
  public typealias Handler = @Sendable (Request, Responder) throws -> Void

  private let core: Core

  public init(_ handler: @escaping Handler) throws {
    core = try Core(handler: handler)
    try core.start()
  }

  deinit {
    core.stop(timeout: .zero)
  }

  public var port: UInt16 { core.port }

  /// - Parameter path: begins with a slash.
  public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Ends every connection and waits until the threads have ended. Do not call it in a handler. Deinitialization stops
  /// the server too, without waiting.
  public func stop() {
    core.stop(timeout: .seconds(10))
  }

  // MARK: What happened

  public var requests: [Request] { exchanges.map(\.request) }

  public var exchanges: [Exchange] { core.ledger.read { $0.exchanges } }

  /// The number of accepted connections.
  public var connections: Int { core.ledger.read { $0.connections } }

  /// Body bytes of all answers that the kernel accepted; clients may have read fewer.
  public var bytesSent: Int { exchanges.reduce(0) { $0 + $1.bytesSent } }

  public var wireBytesSent: Int { exchanges.reduce(0) { $0 + $1.wireBytesSent } }

  /// Returns the body bytes of the answer to one request; zero if the request has not arrived.
  public func bytesSent(request number: Int) -> Int {
    core.ledger.read { $0.exchanges.indices.contains(number - 1) ? $0.exchanges[number - 1].bytesSent : 0 }
  }

  /// Errors of handlers, other than a disconnected client or a stopped server.
  public var failures: [String] {
    exchanges.compactMap { exchange in
      if case .failed(let reason) = exchange.outcome { "request \(exchange.request.number): \(reason)" } else { nil }
    }
  }

  // MARK: Waiting

  /// Blocks until at least that many body bytes were sent, in all answers or in that to one request.
  public func waitFor(bytesSent count: Int, request number: Int? = nil, timeout: Duration = .seconds(30)) throws {
    try wait("\(count) bytes sent", timeout: timeout) { exchanges in
      let sent = exchanges.filter { number == nil || $0.request.number == number }.reduce(0) { $0 + $1.bytesSent }
      return sent >= count ? true : nil
    }
  }

  public func waitFor(requests count: Int, timeout: Duration = .seconds(30)) throws {
    try wait("\(count) requests", timeout: timeout) { $0.count >= count ? true : nil }
  }

  /// Blocks until the handler has finished that request.
  @discardableResult
  public func waitForEnd(ofRequest number: Int, timeout: Duration = .seconds(30)) throws -> Exchange {
    try wait("the end of request \(number)", timeout: timeout) { exchanges in
      guard exchanges.indices.contains(number - 1), exchanges[number - 1].outcome != .inProgress else { return nil }
      return exchanges[number - 1]
    }
  }

  /// Blocks until no request is in progress.
  public func waitUntilIdle(timeout: Duration = .seconds(30)) throws {
    try wait("no request in progress", timeout: timeout) { exchanges in
      exchanges.contains { $0.outcome == .inProgress } ? nil : true
    }
  }

  @discardableResult
  private func wait<Result: Sendable>(
    _ what: String, timeout: Duration, until body: ([Exchange]) -> Result?
  ) throws -> Result {
    if let result = core.ledger.wait(timeout: timeout, until: { body($0.exchanges) }) { return result }
    let seen = exchanges.map { "\($0.request.method) \($0.request.target): \($0.bytesSent) bytes, \($0.outcome)" }
    throw LoopbackError.timedOut("waited for \(what); so far: \(seen)")
  }
}
