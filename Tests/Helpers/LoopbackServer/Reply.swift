/// A computed answer, before it is sent.
struct Reply {
  var status: Int
  var headers: Headers
  var content: Content
  var range: Range<Int>
  var length: ServedFile.Length

  init(status: Int, headers: Headers, content: Content, range: Range<Int>, length: ServedFile.Length) {
    self.status = status
    self.headers = headers
    self.content = content
    self.range = range
    self.length = length
  }

  /// Computes the answer of a correct server, with the attempt's changes to ranges.
  init(to request: Request, file: ServedFile, attempt: Attempt) {
    let count = file.content.count
    self.init(status: 200, headers: file.validators, content: file.content, range: 0..<count, length: file.length)
    guard request.method == "GET" || request.method == "HEAD" else {
      self.init(
        status: 405, headers: ["Allow": "GET, HEAD"], content: Content(""), range: 0..<0, length: .contentLength)
      return
    }
    headers.add(file.headers)
    if file.acceptsRanges { headers.add("Accept-Ranges", "bytes") }
    var selection = Selection(request, for: file)
    if attempt.ignoresRange, selection != .notModified { selection = .whole }
    switch selection {
    case .whole: break
    case .part(let asked):
      let start = min(max(0, asked.lowerBound + attempt.rangeShift), count - 1)
      range = start..<max(start + 1, min(count, asked.upperBound))
      status = 206
      headers.add("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)")
    case .notModified:
      (status, range) = (304, 0..<0)
      return
    case .unsatisfiable:
      (status, range, length) = (416, 0..<0, .contentLength)
      headers.add("Content-Range", "bytes */\(count)")
      return
    }
    if let type = file.contentType { headers.add("Content-Type", type) }
    if let encoding = file.contentEncoding { headers.add("Content-Encoding", encoding) }
  }

  func send(by attempt: Attempt, to responder: Responder) throws {
    let status = attempt.status ?? status
    try responder.sendHead(status: status, headers: head(by: attempt, status: status))
    guard responder.request.method != "HEAD", status != 304 else { return }
    let total = max(0, range.count + attempt.extraBytes)
    let end = min(total, attempt.cut?.offset ?? total)
    var offset = 0
    for pause in attempt.pauses.sorted(by: { $0.offset < $1.offset }) where pause.offset <= end {
      try sendBody(&offset, upTo: pause.offset, by: attempt, to: responder)
      try responder.wait(until: pause.gate)
    }
    try sendBody(&offset, upTo: end, by: attempt, to: responder)
    switch attempt.cut {
    case .close: responder.close()
    case .reset: try responder.reset()
    case nil: if length == .chunked { try responder.finishChunks() }
    }
  }

  private func head(by attempt: Attempt, status: Int) -> Headers {
    var headers = headers
    if status != 304 {
      switch length {
      case .contentLength: headers["Content-Length"] = "\(range.count)"
      case .chunked: headers["Transfer-Encoding"] = "chunked"
      case .untilClose: headers["Connection"] = "close"
      }
    }
    for field in attempt.overrides.fields { headers[field.name] = field.value.isEmpty ? nil : field.value }
    if let padding = attempt.padding {
      for line in 0..<padding.lines {
        let name = "X-Padding-\(line)"
        headers.add(name, String(repeating: "x", count: max(0, padding.length - name.utf8.count - 4)))
      }
    }
    return headers
  }

  private func sendBody(_ offset: inout Int, upTo end: Int, by attempt: Attempt, to responder: Responder) throws {
    while offset < end {
      let limit = min(end - offset, attempt.trickle?.piece ?? 64 << 10)
      switch attempt.trickle?.pace {
      case .turnstile(let turnstile): try responder.pass(turnstile)
      case .every(let duration): try responder.dawdle(duration)
      case nil: break
      }
      let bytes = piece(at: offset, limit: limit)
      if length == .chunked { try responder.sendChunk(bytes) } else { try responder.send(bytes) }
      offset += bytes.count
    }
  }

  /// Returns bytes of the range; beyond its end, the letter x.
  private func piece(at offset: Int, limit: Int) -> ArraySlice<UInt8> {
    let left = range.count - offset
    if left <= 0 { return ArraySlice(repeatElement(UInt8(ascii: "x"), count: limit)) }
    return content.piece(at: range.lowerBound + offset, limit: min(limit, left))
  }
}
