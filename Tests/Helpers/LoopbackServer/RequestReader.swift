/// Splits the byte stream of a connection into requests, within bounds.
struct RequestReader {
  static let headLimit = 64 << 10
  static let bodyLimit = 8 << 20

  /// A refused request, with the status of the answer.
  struct Refusal: Error {
    var status: Int
  }

  private var buffer: [UInt8] = []

  /// Returns the next request; nil if the client has closed the connection between two requests.
  mutating func next(from link: Link) throws -> Request? {
    var searched = 0
    var end = Self.endOfHead(in: buffer, from: 0)
    while end == nil {
      guard buffer.count <= Self.headLimit else { throw Refusal(status: 431) }
      searched = max(0, buffer.count - 3)
      let more = try link.receive()
      if more.isEmpty {
        guard buffer.isEmpty else { throw LoopbackError.clientGone }
        return nil
      }
      buffer += more
      end = Self.endOfHead(in: buffer, from: searched)
    }
    guard let end, end <= Self.headLimit, var request = Request(head: buffer[..<end]) else {
      throw Refusal(status: 400)
    }
    buffer.removeFirst(end + 4)
    request.body = try body(of: request, from: link)
    return request
  }

  private mutating func body(of request: Request, from link: Link) throws -> [UInt8] {
    guard request.headers["Transfer-Encoding"] == nil else { throw Refusal(status: 411) }
    guard let field = request.headers["Content-Length"] else { return [] }
    guard let length = Int(field), length >= 0 else { throw Refusal(status: 400) }
    guard length <= Self.bodyLimit else { throw Refusal(status: 413) }
    while buffer.count < length {
      let more = try link.receive()
      guard !more.isEmpty else { throw LoopbackError.clientGone }
      buffer += more
    }
    defer { buffer.removeFirst(length) }
    return Array(buffer.prefix(length))
  }

  private static func endOfHead(in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= start + 4 else { return nil }
    return (start...bytes.count - 4).first { index in
      bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10
    }
  }
}
