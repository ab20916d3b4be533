import Glibc

/// The socket of one connection. Only the connection's thread uses and closes it. Every wait ends when the server
/// stops.
final class Link {
  let number: Int
  private var descriptor: Int32
  private let ledger: Monitor<Ledger>
  private let stopSignal: Signal
  /// The request for which sent bytes are counted.
  var current: Request?

  init(descriptor: Int32, number: Int, ledger: Monitor<Ledger>, stopSignal: Signal) {
    self.descriptor = descriptor
    self.number = number
    self.ledger = ledger
    self.stopSignal = stopSignal
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit {
    close()
  }

  var isOpen: Bool { descriptor >= 0 }

  var clientIsGone: Bool {
    !isOpen || poll([(descriptor, Poll.peerClosed)], timeout: .zero)[0] != 0
  }

  /// Receives some bytes; none at the end of the stream.
  func receive() throws -> [UInt8] {
    while isOpen {
      try block(on: Poll.readable)
      let got: (bytes: [UInt8], code: Int32) = {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
          let result = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
          if result < 0 { code = errno }
          count = max(0, result)
        }
        return (bytes, code)
      }()
      switch got.code {
      case 0: return got.bytes
      case EAGAIN, EINTR: continue
      default: throw Self.failure("recv", got.code)
      }
    }
    throw LoopbackError.connectionEnded
  }

  /// Sends all bytes. Each is counted in the same step as the kernel accepts it, so that bytes which a client has are
  /// always counted.
  func transmit(_ bytes: UnsafeBufferPointer<UInt8>, isBody: Bool) throws {
    var rest = UnsafeRawBufferPointer(bytes)[...]
    while !rest.isEmpty {
      guard isOpen else { throw LoopbackError.connectionEnded }
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(64 << 10))
      let (sent, code) = ledger.change { ledger -> (Int, Int32) in
        let sent = send(descriptor, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        guard sent >= 0 else { return (0, errno) }
        if let current {
          ledger.exchanges[current.number - 1].wireBytesSent += sent
          if isBody { ledger.exchanges[current.number - 1].bytesSent += sent }
        }
        return (sent, 0)
      }
      rest = rest.dropFirst(sent)
      switch code {
      case 0, EINTR: break
      case EAGAIN: try block(on: Poll.writable)
      default: throw Self.failure("send", code)
      }
      if stopSignal.isUp { throw LoopbackError.stopped }
    }
  }

  /// Waits for a signal, or, without one, for `timeout`. Throws when the client disconnects or the server stops.
  /// Returns false after `timeout`.
  func wait(for signal: Signal?, timeout: Duration) throws -> Bool {
    guard isOpen else { throw LoopbackError.connectionEnded }
    var descriptors = [(stopSignal.descriptor, Poll.readable), (descriptor, Poll.peerClosed)]
    if let signal { descriptors.append((signal.descriptor, Poll.readable)) }
    let events = poll(descriptors, timeout: timeout)
    if events[0] != 0 { throw LoopbackError.stopped }
    // An open gate takes precedence: the next byte that is sent detects a lost client.
    if signal != nil, events[2] != 0 { return true }
    if events[1] != 0 { throw LoopbackError.clientGone }
    return false
  }

  /// Waits until the client's system has acknowledged every byte; at most for `timeout`.
  func waitUntilDelivered(timeout: Duration) throws {
    let deadline = ContinuousClock.now + timeout
    var waiting: Int32 = 0
    while ContinuousClock.now < deadline {
      guard ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0, waiting > 0 else { return }
      _ = try wait(for: nil, timeout: .milliseconds(1))
    }
  }

  /// Ends the connection after all sent bytes.
  func close() {
    guard isOpen else { return }
    shutdown(descriptor, Int32(SHUT_WR))
    discardInput()
    Glibc.close(descriptor)
    descriptor = -1
  }

  /// Ends the connection with a RST.
  func reset() {
    guard isOpen else { return }
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    Glibc.close(descriptor)
    descriptor = -1
  }

  /// Reads the client's remaining bytes, within bounds, until it closes too. Closing a socket with unread bytes would
  /// reset the connection, and the client could lose the answer.
  private func discardInput() {
    var sink = [UInt8](repeating: 0, count: 64 << 10)
    var left = 64 << 20
    let deadline = ContinuousClock.now + .seconds(2)
    while left > 0, ContinuousClock.now < deadline, !stopSignal.isUp {
      let count = recv(descriptor, &sink, sink.count, Int32(MSG_DONTWAIT))
      if count > 0 {
        left -= count
        // More bytes may follow unexpected ones.
        _ = poll([(descriptor, Poll.readable), (stopSignal.descriptor, Poll.readable)], timeout: .seconds(1))
      } else if count == 0 || errno != EINTR {
        return
      }
    }
  }

  private func block(on events: Int16) throws {
    let ready = poll([(stopSignal.descriptor, Poll.readable), (descriptor, events)], timeout: nil)
    if ready[0] != 0 { throw LoopbackError.stopped }
  }

  private static func failure(_ call: String, _ code: Int32) -> LoopbackError {
    switch code {
    case EPIPE, ECONNRESET, ETIMEDOUT, ENOTCONN: .clientGone
    default: .system(call: call, errno: code)
    }
  }
}
