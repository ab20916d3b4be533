import Glibc
import Postgres
import Support
import Synchronization

/// Answers libpq's request for TLS, and ends the connection.
public final class HandshakeServer: Sendable {
  public enum Answer: Sendable {
    /// No TLS here.
    case refuses
    /// TLS, and then nothing.
    case breaksOff
    /// Not even an answer.
    case hangsUp
    /// What another protocol would say.
    case says(String)
    /// The connection stays, and nothing comes.
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
          // Closed here and not elsewhere: its number may be another's by then.
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

  /// Wakes the thread that waits for connections; it ends.
  deinit {
    shutdown(listener.descriptor, Int32(SHUT_RDWR))
  }

  /// Connections so far.
  public var connections: Int { count.withLock { $0 } }

  private static func serve(_ connection: Int32, _ answer: Answer) {
    var request = [UInt8](repeating: 0, count: 8)
    guard recv(connection, &request, request.count, Int32(MSG_WAITALL)) == request.count else { return }
    let bytes: [UInt8]
    switch answer {
    case .hangsUp: return
    case .staysSilent:
      // Until the client goes.
      _ = recv(connection, &request, request.count, Int32(MSG_WAITALL))
      return
    case .refuses: bytes = Array("N".utf8)
    case .breaksOff: bytes = Array("S".utf8)
    case .says(let text): bytes = Array(text.utf8)
    }
    _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    // What the client begins with is read, so that it sees an end and not a reset.
    var hello = [UInt8](repeating: 0, count: 4096)
    _ = recv(connection, &hello, hello.count, 0)
  }
}
