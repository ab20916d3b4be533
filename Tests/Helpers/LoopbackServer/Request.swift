/// A received request.
public struct Request: Sendable, Equatable {
  /// The number of the request over all connections, from 1.
  public var number: Int
  /// The number of the connection, from 1. Requests with the same number came over one kept-alive connection.
  public var connection: Int
  public var method: String
  /// The path and the query, as sent.
  public var target: String
  public var version: String
  public var headers: Headers
  public var body: [UInt8]

  /// The target without its query.
  public var path: String { String(target.prefix { $0 != "?" }) }

  var wantsConnectionKept: Bool { version == "HTTP/1.1" && !headers.lists("close", in: "Connection") }

  init(number: Int = 0, connection: Int = 0, method: String, target: String, version: String = "HTTP/1.1") {
    self.number = number
    self.connection = connection
    self.method = method
    self.target = target
    self.version = version
    headers = Headers()
    body = []
  }

  /// Parses a request head without its final empty line; nil if it is malformed.
  init?(head: some Collection<UInt8>) {
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    guard let parts = lines.first?.split(separator: " ", omittingEmptySubsequences: false), parts.count == 3,
      parts[2].hasPrefix("HTTP/1."), !parts[0].isEmpty, !parts[1].isEmpty
    else { return nil }
    self.init(method: String(parts[0]), target: String(parts[1]), version: String(parts[2]))
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return nil }
      headers.add(String(line[..<colon]), line[line.index(after: colon)...].trimmed)
    }
  }
}
