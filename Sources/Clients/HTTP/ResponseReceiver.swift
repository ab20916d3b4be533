/// What libcurl's callbacks share while one transfer runs. They run on the thread that performs it, inside the call.
final class ResponseReceiver {
  private let bounds: Request
  private let onHead: (ResponseHead) throws -> Void
  private let onBody: (UnsafeRawBufferPointer) throws -> Void
  private let check: () throws -> Void
  private let onStatus: () -> Bool
  /// Whether the answer comes by TLS.
  private var isTLS = false
  /// The last head that came, or what came of it so far.
  private(set) var head = ResponseHead()
  private var headerBytes = 0
  private var isHeadDelivered = false
  /// What ended the transfer from our side.
  private(set) var error: (any Error)?

  /// - Parameter onStatus: called at each answer's status line; whether it comes by TLS.
  init(
    bounds: Request, onHead: @escaping (ResponseHead) throws -> Void,
    onBody: @escaping (UnsafeRawBufferPointer) throws -> Void, check: @escaping () throws -> Void,
    onStatus: @escaping () -> Bool
  ) {
    self.bounds = bounds
    self.onHead = onHead
    self.onBody = onBody
    self.check = check
    self.onStatus = onStatus
  }

  static func from(_ context: UnsafeMutableRawPointer) -> ResponseReceiver {
    Unmanaged<ResponseReceiver>.fromOpaque(context).takeUnretainedValue()
  }

  /// - Parameter received: body bytes of the answer that comes in, also of one that libcurl reads and drops: a redirect's.
  func tick(received: Int) -> Bool {
    guard isHeadDelivered || received <= bounds.droppedBytesMax else {
      error = TransferError(
        kind: .unacceptable, description: "more than \(bounds.droppedBytesMax) bytes beside a redirect")
      return false
    }
    return attempt(check)
  }

  func receive(header line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= bounds.headerBytesMax else {
      error = TransferError(kind: .unacceptable, description: "more than \(bounds.headerBytesMax) bytes of headers")
      return false
    }
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/"), head.isComplete || head.status == nil {
      // A status line: of the first answer, or of the one behind a redirect, a proxy's or an interim one.
      head = ResponseHead()
      isTLS = onStatus()
      let words = text.split(separator: " ")
      head.status = words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
    } else if text.allSatisfy(\.isNewline) {
      head.isComplete = true
    } else if let colon = text.firstIndex(of: ":") {
      head.append(String(text[..<colon]), text[text.index(after: colon)...].trimmed)
    }
    return true
  }

  func receive(body: UnsafeRawBufferPointer) -> Bool {
    attempt {
      try deliverHead()
      try onBody(body)
    }
  }

  /// Whether the body ends with the connection (RFC 9112, section 6.3). Only TLS then shows that it was not cut.
  var needsCloseNotify: Bool {
    let hasBody = head.status != 204 && head.status != 304
    let isChunked = head.all("transfer-encoding").contains { $0.lowercased().contains("chunked") }
    // libcurl takes no length beside a transfer coding, whichever it is.
    return isTLS && hasBody && !isChunked && (head["content-length"] == nil || head["transfer-encoding"] != nil)
  }

  /// Once a transfer: at the first byte of the body or, without one, at the end.
  ///
  /// For libcurl a connection that ends among the headers is an answer without a body.
  func deliverHead() throws {
    guard !isHeadDelivered else { return }
    guard head.isComplete else { throw TransferError(kind: .temporary, description: "the answer ends in its headers") }
    isHeadDelivered = true
    try onHead(head)
  }

  private func attempt(_ body: () throws -> Void) -> Bool {
    guard error == nil else { return false }
    do { try body() } catch {
      self.error = error
      return false
    }
    return true
  }
}

extension Substring {
  /// Without white space and line end around it.
  fileprivate var trimmed: String {
    var part = self
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
  }
}
