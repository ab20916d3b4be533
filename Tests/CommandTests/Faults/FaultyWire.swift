import Glibc
import Postgres
import Support
import Synchronization
import TestSupport

/// Stands between a load and its server and passes every byte on, until it sees what it waits for. Then a fault comes,
/// once.
final class FaultyWire: Sendable {
  /// What a session of the load sends.
  enum Moment: Sendable {
    /// The nth block of rows, all sessions counted together.
    case rows(Int)
    /// A statement that begins so.
    case statement(String)
    /// The COMMIT that makes a snapshot visible.
    case publishingCommit
  }

  enum Fault: Sendable {
    /// The line breaks before it is passed on.
    case cut
    /// It is passed on; of the answer so many bytes come back, and then the line breaks.
    case cutAnswer(bytes: Int)
    /// From it on nothing goes either way, and the line looks alive. Whether what the load sends is taken from it.
    case silence(takes: Bool)
    /// Something else happens before it is passed on.
    case before(@Sendable () -> Void)
    /// Something else happens once it was passed on and answered, and before the answer comes back.
    case after(@Sendable () -> Void)
  }

  /// Where its socket is.
  var folder: String { scratch.path }
  /// Whether the fault has come.
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
  /// Held while a fault takes its time: nobody gets through meanwhile.
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

  /// - Returns: whether the line goes on.
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
