/// Writes one answer, as rightly or wrongly as the handler likes. It is used on the thread that the handler runs on.
///
/// When the handler returns, the connection is kept for the next request if the answer is as long as its head says,
/// and closed otherwise.
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

  /// Sends the status line and the headers: these and no others.
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

  /// Sends bytes of the body as they are.
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

  /// Sends anything at all, not counted as body. The connection is closed afterwards.
  public func sendRaw(_ bytes: some Collection<UInt8>) throws {
    mustClose = true
    try transmit(bytes, isBody: false)
  }

  public func sendRaw(_ text: String) throws {
    try sendRaw(text.utf8)
  }

  /// Closes the connection after what has been sent.
  public func close() {
    link.close()
  }

  /// Resets the connection (RST), once the client's system has received what was sent.
  public func reset() throws {
    try link.waitUntilDelivered(timeout: .seconds(30))
    link.reset()
    wasReset = true
  }

  /// Throws `clientGone` or `stopped` when that comes first.
  public func wait(until gate: Gate, timeout: Duration = .seconds(60)) throws {
    guard try link.wait(for: gate.signal, timeout: timeout) else {
      throw LoopbackError.timedOut("a gate stayed closed")
    }
  }

  /// Takes one passage.
  public func pass(_ turnstile: Turnstile, timeout: Duration = .seconds(60)) throws {
    let deadline = ContinuousClock.now + timeout
    while !turnstile.tryPass() {
      let left = deadline - ContinuousClock.now
      guard left > .zero, try link.wait(for: turnstile.signal, timeout: left) else {
        throw LoopbackError.timedOut("a turnstile admitted nobody")
      }
    }
  }

  /// Lets time pass: for a server that is slow on purpose, never to wait for something to happen.
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

  /// Whether the next request may come over the same connection.
  var leavesConnectionUsable: Bool { link.isOpen && !mustClose && isComplete }

  /// Whether the answer was sent as its head promised, whatever becomes of the connection.
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
