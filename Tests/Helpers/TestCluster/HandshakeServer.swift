import Glibc
import Postgres
import Support
import Synchronization

/// Answers libpq's TLS request, and ends the connection.
public final class HandshakeServer: Sendable {
  public enum Answer: Sendable {
    /// Refuses TLS.
    case refuses
    /// Accepts TLS, then closes.
    case breaksOff
    /// Closes without an answer.
    case hangsUp
    /// Sends this text, as a server of another protocol does.
    case says(String)
    /// Keeps the connection open and sends nothing.
    case staysSilent
  }

  public var port: Int { listener.number }
  private let listener: LoopbackPort
  private let count = Mutex(0)

  public init(_ answer: Answer) throws {
    listener = try LoopbackPort()
    let descriptor = listener.descriptor
    BlockingThread.start { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else {
          // Closed only here: elsewhere, the descriptor might already be reused.
          close(descriptor)
          return
        }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        self?.count.withLock { $0 += 1 }
        Self.serve(connection, answer)
        close(connection)
      }
    }
  }

  /// Ends the thread that waits for connections.
  deinit {
    shutdown(listener.descriptor, Int32(SHUT_RDWR))
  }

  /// The number of connections so far.
  public var connections: Int { count.withLock { $0 } }

  private static func serve(_ connection: Int32, _ answer: Answer) {
    var request = [UInt8](repeating: 0, count: 8)
    guard recv(connection, &request, request.count, Int32(MSG_WAITALL)) == request.count else { return }
    let bytes: [UInt8]
    switch answer {
    case .hangsUp: return
    case .staysSilent:
      // Blocks until the client disconnects.
      _ = recv(connection, &request, request.count, Int32(MSG_WAITALL))
      return
    case .refuses: bytes = Array("N".utf8)
    case .breaksOff: bytes = Array("S".utf8)
    case .says(let text): bytes = Array(text.utf8)
    }
    _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    // Reads the client's first bytes, so that it sees an orderly end instead of a reset.
    var hello = [UInt8](repeating: 0, count: 4096)
    _ = recv(connection, &hello, hello.count, 0)
  }
}
