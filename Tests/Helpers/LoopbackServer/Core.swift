import Glibc
import Support

/// The listening socket and the threads.
final class Core: Sendable {
  static let connectionLimit = 128

  let port: UInt16
  let ledger = Monitor(Ledger())
  private let stopSignal = Signal()
  private let listener: Int32
  private let handler: LoopbackServer.Handler

  init(handler: @escaping LoopbackServer.Handler) throws {
    (listener, port) = try Self.listen()
    self.handler = handler
  }

  /// Runs after the last thread has released the core.
  deinit {
    close(listener)
  }

  func start() throws {
    try spawn { $0.acceptAll() }
  }

  func stop(timeout: Duration) {
    stopSignal.raise()
    _ = ledger.wait(timeout: timeout) { $0.threads == 0 ? true : nil }
  }

  /// Starts a counted thread: `stop` waits until none is left.
  private func spawn(_ body: @escaping @Sendable (Core) -> Void) throws {
    ledger.change { $0.threads += 1 }
    let started = BlockingThread.start { [self] in
      body(self)
      ledger.change { $0.threads -= 1 }
    }
    guard started else {
      ledger.change { $0.threads -= 1 }
      throw LoopbackError.system(call: "pthread_create", errno: EAGAIN)
    }
  }

  private func acceptAll() {
    while true {
      let events = poll([(stopSignal.descriptor, Poll.readable), (listener, Poll.readable)], timeout: nil)
      if events[0] != 0 {
        // From now on the system refuses connections, although the socket is only closed in `deinit`.
        shutdown(listener, Int32(SHUT_RDWR))
        return
      }
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else {
        // Out of descriptors: wait until a connection ends.
        if errno == EMFILE || errno == ENFILE {
          _ = poll([(stopSignal.descriptor, Poll.readable)], timeout: .milliseconds(20))
        }
        continue
      }
      // accept4 would be better, but Glibc declares it only with _GNU_SOURCE. A child process that starts in between
      // keeps the connection open; that is why `Link.close` shuts it down first.
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      let number = ledger.change { ledger in
        ledger.connections += 1
        return ledger.threads > Self.connectionLimit ? 0 : ledger.connections
      }
      do {
        guard number > 0 else { throw LoopbackError.stopped }
        try spawn { core in
          core.serve(Link(descriptor: descriptor, number: number, ledger: core.ledger, stopSignal: core.stopSignal))
        }
      } catch {
        close(descriptor)
      }
    }
  }

  private func serve(_ link: Link) {
    defer { link.close() }
    var reader = RequestReader()
    while true {
      do {
        guard let request = try reader.next(from: link) else { return }
        guard answer(ledger.change { $0.record(request, connection: link.number) }, over: link) else { return }
      } catch let refusal as RequestReader.Refusal {
        let text =
          "HTTP/1.1 \(refusal.status) \(Responder.reason(for: refusal.status))\r\n"
          + "Connection: close\r\nContent-Length: 0\r\n\r\n"
        try? Array(text.utf8).withUnsafeBufferPointer { try link.transmit($0, isBody: false) }
        return
      } catch {
        return
      }
    }
  }

  /// Answers a request; returns false if the connection has ended.
  private func answer(_ request: Request, over link: Link) -> Bool {
    link.current = request
    defer { link.current = nil }
    let responder = Responder(request: request, link: link, ledger: ledger)
    let outcome: Exchange.Outcome
    do {
      try handler(request, responder)
      outcome = responder.wasReset ? .reset : responder.isComplete ? .complete : .closed
    } catch LoopbackError.clientGone {
      outcome = .clientGone
    } catch LoopbackError.stopped {
      outcome = .stopped
    } catch {
      outcome = .failed("\(error)")
    }
    // The outcome is recorded before the socket is closed, so that it is there once the client sees the end.
    ledger.change { $0.exchanges[request.number - 1].outcome = outcome }
    if case .failed = outcome { return false }
    return responder.leavesConnectionUsable
  }

  private static func listen() throws -> (descriptor: Int32, port: UInt16) {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { throw LoopbackError.system(call: "socket", errno: errno) }
    do {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      try withUnsafeMutablePointer(to: &address) { typed in
        try typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          try check("bind", bind(descriptor, pointer, length))
          try check("listen", Glibc.listen(descriptor, 64))
          try check("getsockname", getsockname(descriptor, pointer, &length))
        }
      }
      return (descriptor, UInt16(bigEndian: address.sin_port))
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func check(_ call: String, _ result: Int32) throws {
    guard result == 0 else { throw LoopbackError.system(call: call, errno: errno) }
  }
}
