import Glibc

/// A flag for `poll`: its descriptor is readable while the flag is raised. One thread can thus wait for a gate, its
/// client and the end of the server at the same time.
final class Signal: Sendable {
  private let readEnd: Int32
  private let writeEnd: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    // A socket pair, because it is created close-on-exec: no child process of a test inherits it.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    precondition(socketpair(AF_UNIX, kind, 0, &ends) == 0, "socketpair: errno \(errno)")
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  var descriptor: Int32 { readEnd }

  var isUp: Bool { poll([(readEnd, Poll.readable)], timeout: .zero)[0] != 0 }

  /// Raises the flag. Raising it twice is harmless: one `lower` clears it.
  func raise() {
    _ = send(writeEnd, [1], 1, Int32(MSG_NOSIGNAL))
  }

  func lower() {
    var sink = [UInt8](repeating: 0, count: 64)
    while recv(readEnd, &sink, sink.count, 0) > 0 {}
  }
}

enum Poll {
  static let readable = Int16(POLLIN)
  static let writable = Int16(POLLOUT)
  /// POLLRDHUP, which Glibc declares only with _GNU_SOURCE. It is the same on every architecture that Swift supports.
  static let peerClosed: Int16 = 0x2000
}

/// Calls `poll(2)`, and again after an interrupting signal. Returns an entry for each descriptor; all are zero after
/// `timeout`. A nil timeout waits without a limit.
func poll(_ descriptors: [(descriptor: Int32, events: Int16)], timeout: Duration?) -> [Int16] {
  var entries = descriptors.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
  let deadline = timeout.map { ContinuousClock.now + $0 }
  while true {
    let milliseconds = deadline.map(millisecondsLeft) ?? -1
    let count = Glibc.poll(&entries, nfds_t(entries.count), milliseconds)
    if count > 0 { return entries.map(\.revents) }
    if count < 0 {
      precondition(errno == EINTR || errno == EAGAIN, "poll: errno \(errno)")
    } else if let deadline, ContinuousClock.now >= deadline {
      return entries.map { _ in 0 }
    }
  }
}

/// Returns the remaining time, rounded up to avoid busy waiting in the last millisecond.
private func millisecondsLeft(until deadline: ContinuousClock.Instant) -> Int32 {
  let left = (deadline - ContinuousClock.now).components
  guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
  return Int32(min(left.seconds, 1_000_000)) * 1000
    + Int32((left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
}
