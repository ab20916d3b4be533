import Glibc
import Postgres
import Support
import Synchronization
import TestSupport

/// A proxy between a load and its server. It forwards every byte and injects one fault at a given message.
final class FaultyWire: Sendable {
  /// The message of a session at which the fault is injected.
  enum Moment: Sendable {
    /// The nth block of rows, counted over all sessions.
    case rows(Int)
    /// A statement with this beginning.
    case statement(String)
    /// The COMMIT of the publication.
    case publishingCommit
  }

  enum Fault: Sendable {
    /// The connection breaks before the message is forwarded.
    case cut
    /// The message is forwarded; the connection breaks after this many bytes of the answer.
    case cutAnswer(bytes: Int)
    /// The connection stays open, but nothing is forwarded any more. `takes`: the bytes that the load sends are read.
    case silence(takes: Bool)
    /// The closure runs before the message is forwarded.
    case before(@Sendable () -> Void)
    /// The closure runs after the server has answered and before the answer is returned.
    case after(@Sendable () -> Void)
  }

  /// The folder of the proxy's socket.
  var folder: String { scratch.path }
  /// Whether the fault was injected.
  var isOver: Bool { state.withLock { $0.isOver } }

  private struct State {
    var isOver = false
    var blocks = 0
    var isClosed = false
  }

  private let scratch = ScratchFolder()
  private let listener: Int32
  private let upstream: String
  private let moment: Moment
  private let fault: Fault
  private let state = Mutex(State())
  /// Held while the closure of a fault runs: new connections wait.
  private let gate = Mutex(())

  /// - Parameter upstream: the folder of the server's socket.
  init(to upstream: String, at moment: Moment, _ fault: Fault) {
    (self.upstream, self.moment, self.fault) = (upstream, moment, fault)
    listener = UnixSocket.listen(scratch.path + "/.s.PGSQL.5432")
    let listener = listener
    BlockingThread.start { [weak self] in
      while let client = UnixSocket.accept(listener) {
        guard let self else {
          close(client)
          break
        }
        self.serve(client)
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ client: Int32) {
    BlockingThread.start { [self] in
      gate.withLock { _ in }
      guard let server = UnixSocket.connect(upstream + "/.s.PGSQL.5432") else {
        close(client)
        return
      }
      let line = WireLine(client: client, server: server)
      BlockingThread.start { line.passAnswers() }
      line.passRequests { message in take(message, on: line) }
    }
  }

  /// Forwards a message, or injects the fault.
  ///
  /// - Returns: whether the connection continues.
  private func take(_ message: WireMessage, on line: WireLine) -> Bool {
    guard isMoment(message, on: line) else { return line.forward(message) }
    switch fault {
    case .cut: return false
    case .cutAnswer(let bytes):
      line.cutAnswer(after: bytes) {}
      return line.forward(message)
    case .silence(let takes):
      line.fallSilent(takes: takes)
      return false
    case .before(let act):
      gate.withLock { _ in act() }
      return line.forward(message)
    case .after(let act):
      line.cutAnswer(after: 0) { [self] in gate.withLock { _ in act() } }
      return line.forward(message)
    }
  }

  private func isMoment(_ message: WireMessage, on line: WireLine) -> Bool {
    let text = message.statement
    if let text, text.hasPrefix("INSERT INTO publication") { line.publishes.store(true, ordering: .relaxed) }
    return state.withLock { state in
      if message.isRows { state.blocks += 1 }
      let isIt =
        switch moment {
        case .rows(let number): message.isRows && state.blocks == number
        case .statement(let start): text?.hasPrefix(start) ?? false
        case .publishingCommit: text == "COMMIT" && line.publishes.load(ordering: .relaxed)
        }
      guard isIt, !state.isOver else { return false }
      state.isOver = true
      return true
    }
  }
}
