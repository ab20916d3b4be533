import Glibc
import Synchronization

/// One message of PostgreSQL's protocol from a client.
struct WireMessage {
  let bytes: ArraySlice<UInt8>
  /// The message type; zero for a startup message, which has none.
  let type: UInt8

  var isRows: Bool { type == UInt8(ascii: "d") }

  /// The SQL of a simple query or of a Parse message.
  var statement: String? {
    switch type {
    case UInt8(ascii: "Q"): text(bytes.dropFirst(5))
    // After the name of the prepared statement.
    case UInt8(ascii: "P"): text(bytes.dropFirst(5).drop { $0 != 0 }.dropFirst())
    default: nil
    }
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return String(text.drop { $0.isWhitespace })
  }
}

/// The two sockets of a proxied session. They are closed when both forwarding threads have ended.
final class WireLine: Sendable {
  private let client: Int32
  private let server: Int32
  let publishes = Atomic<Bool>(false)

  private enum Answers: Sendable {
    case pass
    case cut(after: Int, then: @Sendable () -> Void)
    case hold
  }

  private let answers = Mutex(Answers.pass)

  init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

  deinit {
    close(client)
    close(server)
  }

  func hangUp() {
    shutdown(client, Int32(SHUT_RDWR))
    shutdown(server, Int32(SHUT_RDWR))
  }

  func forward(_ message: WireMessage) -> Bool { UnixSocket.write(Array(message.bytes), to: server) }

  /// Forwards only this many bytes of the next answer, then breaks the connection.
  func cutAnswer(after bytes: Int, then act: @escaping @Sendable () -> Void) {
    answers.withLock { $0 = .cut(after: bytes, then: act) }
  }

  /// Forwards nothing more, and waits until the client hangs up.
  func fallSilent(takes: Bool) {
    answers.withLock { $0 = .hold }
    if takes {
      while UnixSocket.read(client) != nil {}
    } else {
      var entry = pollfd(fd: client, events: 0, revents: 0)
      while poll(&entry, 1, -1) < 0, errno == EINTR {}
    }
  }

  func passRequests(_ take: (WireMessage) -> Bool) {
    defer { hangUp() }
    var buffer: [UInt8] = []
    var isOpen = false
    while let bytes = UnixSocket.read(client) {
      buffer += bytes
      var start = 0
      while let message = Self.message(buffer[start...], first: !isOpen) {
        isOpen = true
        start += message.bytes.count
        guard take(message) else { return }
      }
      buffer.removeFirst(start)
    }
  }

  private static func message(_ bytes: ArraySlice<UInt8>, first: Bool) -> WireMessage? {
    let head = first ? 0 : 1
    guard bytes.count >= head + 4 else { return nil }
    let length = bytes.dropFirst(head).prefix(4).reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= head + length else { return nil }
    return WireMessage(bytes: bytes.prefix(head + length), type: first ? 0 : bytes[bytes.startIndex])
  }

  func passAnswers() {
    defer { hangUp() }
    while let bytes = UnixSocket.read(server) {
      switch answers.withLock({ $0 }) {
      case .pass: guard UnixSocket.write(bytes, to: client) else { return }
      case .hold: continue
      case .cut(let count, let act):
        act()
        _ = UnixSocket.write(Array(bytes.prefix(count)), to: client)
        return
      }
    }
    // A silent connection does not report the server's end to the client either.
    guard case .hold = answers.withLock({ $0 }) else { return }
    var entry = pollfd(fd: client, events: 0, revents: 0)
    while poll(&entry, 1, -1) < 0, errno == EINTR {}
  }
}

enum UnixSocket {
  private static func address(_ path: String) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
    return address
  }

  private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = address(path)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }

  private static func make() -> Int32 { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) }

  static func listen(_ path: String) -> Int32 {
    let descriptor = make()
    guard with(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
      preconditionFailure("no socket at \(path)")
    }
    return descriptor
  }

  static func accept(_ listener: Int32) -> Int32? {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if descriptor >= 0 {
        // Child processes of the tests must not keep the connection open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
      }
      guard errno == EINTR || errno == ECONNABORTED else { return nil }
    }
  }

  static func connect(_ path: String) -> Int32? {
    let descriptor = make()
    guard with(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// - Returns: nil at the end.
  static func read(_ descriptor: Int32) -> [UInt8]? {
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &block, block.count, 0)
      if count < 0, errno == EINTR { continue }
      return count > 0 ? Array(block[..<count]) : nil
    }
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        send(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
