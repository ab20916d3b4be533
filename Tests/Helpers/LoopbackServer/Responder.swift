/// Writes one answer, correct or not. Only the handler's thread uses it.
///
/// When the handler returns, the connection is kept if the answer has the length given in its head, and closed
/// otherwise.
public final class Responder {
  private enum Framing: Equatable {
    case bodiless
    case length(Int)
    case chunked
    case untilClose
  }

  public let request: Request
  private let link: Link
  private let ledger: Monitor<Ledger>
  private var framing: Framing?
  private var bodyCount = 0
  private var chunksFinished = false
  private var mustClose: Bool
  private(set) var wasReset = false

  init(request: Request, link: Link, ledger: Monitor<Ledger>) {
    self.request = request
    self.link = link
    self.ledger = ledger
    mustClose = !request.wantsConnectionKept
  }

  /// Sends the status line and exactly these headers.
  public func sendHead(status: Int, reason: String? = nil, headers: Headers = [:]) throws {
    var head = "HTTP/1.1 \(status) \(reason ?? Self.reason(for: status))\r\n"
    for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
    head += "\r\n"
    if status >= 200 {
      ledger.change { $0.exchanges[request.number - 1].status = status }
      framing = framing(status: status, headers: headers)
      if headers.lists("close", in: "Connection") { mustClose = true }
    }
    try transmit(head.utf8, isBody: false)
  }

  /// Sends bytes of the body unchanged.
  public func send(_ bytes: some Collection<UInt8>) throws {
    bodyCount += bytes.count
    try transmit(bytes, isBody: true)
  }

  /// Sends bytes of the body as one chunk, under `Transfer-Encoding: chunked`.
  public func sendChunk(_ bytes: some Collection<UInt8>) throws {
    guard !bytes.isEmpty else { return }
    try transmit((String(bytes.count, radix: 16) + "\r\n").utf8, isBody: false)
    try send(bytes)
    try transmit("\r\n".utf8, isBody: false)
  }

  public func finishChunks() throws {
    try transmit("0\r\n\r\n".utf8, isBody: false)
    chunksFinished = true
  }

  /// Sends arbitrary bytes that do not count as body. The connection is closed afterwards.
  public func sendRaw(_ bytes: some Collection<UInt8>) throws {
    mustClose = true
    try transmit(bytes, isBody: false)
  }

  public func sendRaw(_ text: String) throws {
    try sendRaw(text.utf8)
  }

  /// Closes the connection after all sent bytes.
  public func close() {
    link.close()
  }

  /// Resets the connection (RST), once the client's system has received what was sent.
  public func reset() throws {
    try link.waitUntilDelivered(timeout: .seconds(30))
    link.reset()
    wasReset = true
  }

  /// Waits for a gate. Throws `clientGone` or `stopped` if that happens first.
  public func wait(until gate: Gate, timeout: Duration = .seconds(60)) throws {
    guard try link.wait(for: gate.signal, timeout: timeout) else {
      throw LoopbackError.timedOut("a gate stayed closed")
    }
  }

  /// Uses one passage of a turnstile, and waits for it if necessary.
  public func pass(_ turnstile: Turnstile, timeout: Duration = .seconds(60)) throws {
    let deadline = ContinuousClock.now + timeout
    while !turnstile.tryPass() {
      let left = deadline - ContinuousClock.now
      guard left > .zero, try link.wait(for: turnstile.signal, timeout: left) else {
        throw LoopbackError.timedOut("a turnstile admitted nobody")
      }
    }
  }

  /// Waits for `duration`, for a deliberately slow server; not for waiting until something happens.
  public func dawdle(_ duration: Duration) throws {
    _ = try link.wait(for: nil, timeout: duration)
  }

  /// Whether the client has closed its side or reset the connection.
  public var clientIsGone: Bool { link.clientIsGone }

  public func waitUntilClientIsGone(timeout: Duration = .seconds(30)) throws {
    do {
      _ = try link.wait(for: nil, timeout: timeout)
    } catch LoopbackError.clientGone {
      return
    }
    throw LoopbackError.timedOut("the client stayed")
  }

  /// Whether the connection can be used for the next request.
  var leavesConnectionUsable: Bool { link.isOpen && !mustClose && isComplete }

  /// Whether the answer was sent as its head promised.
  var isComplete: Bool {
    switch framing {
    case .bodiless: bodyCount == 0
    case .length(let length): bodyCount == length
    case .chunked: chunksFinished
    case .untilClose, nil: false
    }
  }

  private func transmit(_ bytes: some Collection<UInt8>, isBody: Bool) throws {
    let done: Void? = try bytes.withContiguousStorageIfAvailable { try link.transmit($0, isBody: isBody) }
    if done == nil {
      try Array(bytes).withUnsafeBufferPointer { try link.transmit($0, isBody: isBody) }
    }
  }

  private func framing(status: Int, headers: Headers) -> Framing {
    if request.method == "HEAD" || status == 204 || status == 304 { return .bodiless }
    if headers.lists("chunked", in: "Transfer-Encoding") { return .chunked }
    if let length = headers["Content-Length"].flatMap({ Int($0) }) { return .length(length) }
    return .untilClose
  }

  static func reason(for status: Int) -> String {
    let reasons = [
      100: "Continue", 200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
      303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
      401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
      410: "Gone", 411: "Length Required", 413: "Content Too Large", 416: "Range Not Satisfiable",
      429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
      502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
    return reasons[status] ?? "Status \(status)"
  }
}
