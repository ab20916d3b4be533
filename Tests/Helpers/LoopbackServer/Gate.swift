import Synchronization

/// A latch that the test controls: closed until `open()`, then open permanently.
public final class Gate: Sendable {
  let signal = Signal()

  public init() {}

  public var isOpen: Bool { signal.isUp }

  public func open() {
    signal.raise()
  }

  /// Waits until the gate is open, or throws `LoopbackError.timedOut`. Handlers use `Responder.wait(until:)` instead,
  /// which also ends when the client disconnects or the server stops.
  public func waitUntilOpen(timeout: Duration = .seconds(30)) throws {
    if poll([(signal.descriptor, Poll.readable)], timeout: timeout)[0] == 0 {
      throw LoopbackError.timedOut("a gate stayed closed")
    }
  }
}

/// A counting gate: `admit` allows a number of passages, and each `Responder.pass` uses one.
public final class Turnstile: Sendable {
  let signal = Signal()
  private let admitted: Mutex<Int>

  public init(admitting count: Int = 0) {
    admitted = Mutex(0)
    admit(count)
  }

  public func admit(_ count: Int = 1) {
    guard count > 0 else { return }
    admitted.withLock { number in
      if number == 0 { signal.raise() }
      number += count
    }
  }

  /// Uses one passage, if there is one. The signal is raised exactly while the number is not zero.
  func tryPass() -> Bool {
    admitted.withLock { number in
      guard number > 0 else { return false }
      number -= 1
      if number == 0 { signal.lower() }
      return true
    }
  }
}
