import CLibSSL
import Glibc
import Support
import Synchronization

/// Terminates TLS for a server on loopback, or acts as an HTTP proxy.
public final class TLSProxy: Sendable {
  public enum Kind: Sendable {
    /// TLS with this certificate, up to the version `newest`. With `abrupt`, the connection ends without close_notify,
    /// as if cut by an attacker. With `tickets`, a session ticket precedes each piece of the answer, which TLS 1.3
    /// allows at any time. With `requiresLogin`, a client without a certificate is refused.
    case tls(
      Certificate, newest: Version = .tls13, abrupt: Bool = false, tickets: Bool = false, requiresLogin: Bool = false)
    /// An HTTP proxy that answers CONNECT; with status 200 it connects to the requested port.
    case proxy(answer: String = "HTTP/1.1 200 Connection established\r\n\r\n")
    /// Sends this text to each client, and closes.
    case says(String)
  }

  public enum Version: Int32, Sendable {
    case tls11 = 0x0302
    case tls12 = 0x0303
    case tls13 = 0x0304
  }

  public let port: UInt16
  private let host: String
  private let listener: Int32
  private let core: Core

  /// - Parameter target: the port of the server behind it, on 127.0.0.1.
  public init(_ kind: Kind, to target: UInt16, host: String = "127.0.0.1") throws {
    // OpenSSL writes without MSG_NOSIGNAL.
    signal(SIGPIPE, SIG_IGN)
    (listener, port) = try Socket.listen(host, backlog: 64)
    self.host = host
    core = Core(kind: kind, target: target)
    let started = BlockingThread.start { [core, listener] in
      while case let client = accept(listener, nil, nil), client >= 0 {
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        if !BlockingThread.start({ core.serve(client) }) { close(client) }
      }
      close(listener)
    }
    guard started else { throw Socket.Problem(call: "pthread_create", code: EAGAIN) }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  public func url(_ path: String = "/a.csv", scheme: String = "https") -> String {
    "\(scheme)://\(host):\(port)\(path)"
  }

  public var connections: Int { core.state.withLock { $0.connections } }
  /// The heads of requests to the proxy, up to the empty line.
  public var heads: [String] { core.state.withLock { $0.heads } }
}

/// The state that the threads share.
private final class Core: Sendable {
  struct State: Sendable {
    var connections = 0
    var heads: [String] = []
  }

  let kind: TLSProxy.Kind
  let target: UInt16
  let state = Mutex(State())

  init(kind: TLSProxy.Kind, target: UInt16) { (self.kind, self.target) = (kind, target) }

  func serve(_ client: Int32) {
    state.withLock { $0.connections += 1 }
    defer { close(client) }
    switch kind {
    case .says(let text): Socket.farewell(client, text)
    case .tls(let certificate, let newest, let abrupt, let tickets, let requiresLogin):
      guard
        let secure = Secure(
          client, certificate, newest: newest.rawValue, tickets: tickets, requiresLogin: requiresLogin)
      else {
        // Closing with unread bytes would reset the connection, and the client would miss the alert.
        if requiresLogin { Socket.farewell(client, "") }
        return
      }
      guard let server = Socket.connect(target) else { return }
      defer { close(server) }
      if Pump.run(client, secure, server) && !abrupt { secure.close() }
    case .proxy(let answer):
      guard let head = Socket.head(client) else { return }
      state.withLock { $0.heads.append(head) }
      let words = head.split(separator: " ")
      guard words.count > 1, words[0] == "CONNECT", answer.hasPrefix("HTTP/1.1 200"),
        let port = words[1].split(separator: ":").last.flatMap({ UInt16($0) }), let server = Socket.connect(port)
      else { return Socket.farewell(client, answer) }
      defer { close(server) }
      guard Socket.send(client, answer.utf8) else { return }
      _ = Pump.run(client, nil, server)
    }
  }
}
