import Glibc

/// Functions for plain sockets on loopback.
enum Socket {
  struct Problem: Error { let call: String, code: Int32 }

  static func listen(_ host: String, backlog: Int32) throws -> (Int32, UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw Problem(call: "socket", code: errno) }
    var port = UInt16(0)
    let code = withAddress(host, 0) { address, length in
      guard bind(listener, address, length) == 0, Glibc.listen(listener, backlog) == 0 else { return errno }
      var length = length
      guard getsockname(listener, address, &length) == 0 else { return errno }
      port = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
      return 0
    }
    guard code == 0 else {
      close(listener)
      throw Problem(call: "listen", code: code)
    }
    return (listener, port)
  }

  static func connect(_ port: UInt16, nonblocking: Bool = false) -> Int32? {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (nonblocking ? SOCK_NONBLOCK.rawValue : 0)
    let descriptor = socket(AF_INET, Int32(kind), 0)
    let code = withAddress("127.0.0.1", port) { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
    if code == 0 || nonblocking && code == EINPROGRESS { return descriptor }
    close(descriptor)
    return nil
  }

  private static func withAddress(
    _ host: String, _ port: UInt16, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return withUnsafeMutablePointer(to: &address) { typed in
      typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  static func send(_ descriptor: Int32, _ bytes: some Collection<UInt8>) -> Bool {
    var rest = Array(bytes)
    while !rest.isEmpty {
      let count = Glibc.send(descriptor, rest, rest.count, Int32(MSG_NOSIGNAL))
      guard count > 0 || errno == EINTR else { return false }
      rest.removeFirst(max(0, count))
    }
    return true
  }

  /// Receives available bytes; empty at the end, nil after a reset.
  static func receive(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count >= 0 { return Array(buffer.prefix(count)) }
      if errno != EINTR { return nil }
    }
  }

  /// Receives the head of a request.
  static func head(_ descriptor: Int32) -> String? {
    var text = ""
    while !text.hasSuffix("\r\n\r\n") {
      guard let more = receive(descriptor), !more.isEmpty, text.utf8.count < 65_536 else { return nil }
      text += String(decoding: more, as: UTF8.self)
    }
    return text
  }

  /// Sends a final text and waits for the other side to close first, so that the connection is not reset.
  static func farewell(_ descriptor: Int32, _ text: String) {
    guard send(descriptor, text.utf8) else { return }
    shutdown(descriptor, Int32(SHUT_WR))
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&poller, 1, 5000) > 0, let more = receive(descriptor), !more.isEmpty {}
  }
}

/// A port that never accepts a connection, because its backlog is full.
public final class Blackhole: Sendable {
  public let port: UInt16
  private let listener: Int32
  private let waiting: [Int32]

  public init() throws {
    let (listener, port) = try Socket.listen("127.0.0.1", backlog: 0)
    (self.listener, self.port) = (listener, port)
    waiting = (0..<4).compactMap { _ in Socket.connect(port, nonblocking: true) }
  }

  deinit { for descriptor in waiting + [listener] { close(descriptor) } }
}
