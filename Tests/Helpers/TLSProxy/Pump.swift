import CLibSSL
import Glibc

/// The server side of TLS on a blocking socket. For use by one thread.
final class Secure {
  private let ssl: OpaquePointer
  private let tickets: Bool

  /// Returns nil if the handshake fails.
  init?(_ descriptor: Int32, _ certificate: Certificate, newest: Int32, tickets: Bool, requiresLogin: Bool) {
    guard let context = SSL_CTX_new(TLS_server_method()) else { return nil }
    defer { SSL_CTX_free(context) }
    test_set_newest_version(context, newest)
    if newest < TLS1_2_VERSION { SSL_CTX_set_security_level(context, 0) }
    if requiresLogin { SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil) }
    guard SSL_CTX_use_certificate(context, certificate.x509) == 1,
      SSL_CTX_use_PrivateKey(context, certificate.key) == 1, let ssl = SSL_new(context)
    else { return nil }
    self.ssl = ssl
    self.tickets = tickets
    SSL_set_fd(ssl, descriptor)
    // Reads the alert of a client that refuses the certificate: closing with unread bytes would reset the connection.
    guard SSL_accept(ssl) == 1 else { return nil }
  }

  deinit { SSL_free(ssl) }

  var hasPending: Bool { SSL_pending(ssl) > 0 }

  func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = SSL_read(ssl, &buffer, Int32(buffer.count))
    return count > 0 ? Array(buffer.prefix(Int(count))) : nil
  }

  func write(_ bytes: [UInt8]) -> Bool {
    if tickets { SSL_new_session_ticket(ssl) }
    return SSL_write(ssl, bytes, Int32(bytes.count)) > 0
  }

  func close() { SSL_shutdown(ssl) }
}

/// Carries bytes between a client and a server until one of them ends.
enum Pump {
  /// - Returns: whether the server ended the connection in order.
  static func run(_ client: Int32, _ secure: Secure?, _ server: Int32) -> Bool {
    while true {
      var pollers = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      if secure?.hasPending != true {
        guard poll(&pollers, 2, 60_000) > 0 else { return false }
      }
      if secure?.hasPending == true || pollers[0].revents != 0 {
        let bytes = secure.map { $0.read() } ?? Socket.receive(client)
        guard let bytes, !bytes.isEmpty, Socket.send(server, bytes) else { return false }
      }
      if pollers[1].revents != 0 {
        guard let bytes = Socket.receive(server) else { return false }
        if bytes.isEmpty { return true }
        guard secure.map({ $0.write(bytes) }) ?? Socket.send(client, bytes) else { return false }
      }
    }
  }
}
