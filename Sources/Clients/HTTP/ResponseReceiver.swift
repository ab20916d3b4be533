/// State that libcurl's callbacks share during one transfer. libcurl calls them on the thread that performs the
/// transfer.
final class ResponseReceiver {
  private let bounds: Request
  private let onHead: (ResponseHead) throws -> Void
  private let onBody: (UnsafeRawBufferPointer) throws -> Void
  private let check: () throws -> Void
  private let onStatus: () -> Bool
  /// Whether the response arrives over TLS.
  private var isTLS = false
  /// The last head, or the part of it that has arrived.
  private(set) var head = ResponseHead()
  private var headerBytes = 0
  private var isHeadDelivered = false
  /// The error with which a callback ended the transfer.
  private(set) var error: (any Error)?

  /// - Parameter onStatus: called at each response's status line; returns whether the response arrives over TLS.
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

  /// Checks the limit for dropped bytes, then calls `check`.
  ///
  /// - Parameter received: body bytes of the current response, including those that libcurl drops after a redirect.
  /// - Returns: false to end the transfer.
  func tick(received: Int) -> Bool {
    guard isHeadDelivered || received <= bounds.droppedBytesMax else {
      error = TransferError(
        kind: .unacceptable, description: "more than \(bounds.droppedBytesMax) bytes in the body of a redirect")
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
      // The status line of the first response, a proxy's, an interim one, or the one after a redirect.
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

  /// Whether the end of the connection ends the body (RFC 9112, section 6.3). Only TLS then shows that the body is
  /// complete.
  var needsCloseNotify: Bool {
    let hasBody = head.status != 204 && head.status != 304
    let isChunked = head.all("transfer-encoding").contains { $0.lowercased().contains("chunked") }
    // libcurl ignores Content-Length if there is any Transfer-Encoding.
    return isTLS && hasBody && !isChunked && (head["content-length"] == nil || head["transfer-encoding"] != nil)
  }

  /// Delivers the head, once per transfer: at the first byte of the body, or at the end if there is no body.
  ///
  /// libcurl reports a connection that ends within the headers as a response without a body.
  ///
  /// - Throws: ``TransferError`` if the headers are incomplete.
  func deliverHead() throws {
    guard !isHeadDelivered else { return }
    guard head.isComplete else {
      throw TransferError(kind: .temporary, description: "the response ends in its headers")
    }
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
  /// The text without white space and line ends at both ends.
  fileprivate var trimmed: String {
    var part = self
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
  }
}
