import Synchronization

/// A latch that the test controls: closed until `open()`, then open for ever.
public final class Gate: Sendable {
  let signal = Signal()

  public init() {}

  public var isOpen: Bool { signal.isUp }

  public func open() {
    signal.raise()
  }

  /// Throws `LoopbackError.timedOut` rather than hanging. A handler waits with `Responder.wait(until:)` instead, which
  /// also wakes up when its client goes away or the server stops.
  public func waitUntilOpen(timeout: Duration = .seconds(30)) throws {
    if poll([(signal.descriptor, Poll.readable)], timeout: timeout)[0] == 0 {
      throw LoopbackError.timedOut("a gate stayed closed")
    }
  }
}

/// A gate that counts: every `admit` lets that many passages through, one `Responder.pass` takes one.
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

  /// Takes one passage, if there is one. The signal is up exactly while the number is not zero.
  func tryPass() -> Bool {
    admitted.withLock { number in
      guard number > 0 else { return false }
      number -= 1
      if number == 0 { signal.lower() }
      return true
    }
  }
}
