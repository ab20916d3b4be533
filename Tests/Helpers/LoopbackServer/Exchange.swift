/// A request and its outcome.
public struct Exchange: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    case inProgress
    /// The answer was sent as its head promised; the connection may be used again.
    case complete
    /// The server closed the connection: a body without a length ended, the answer was cut short, or none was given.
    case closed
    case reset
    case clientGone
    case stopped
    /// The handler threw an error. A successful test has none of these: see `LoopbackServer.failures`.
    case failed(String)
  }

  public let request: Request
  /// The status of the last final (not 1xx) head.
  public internal(set) var status: Int?
  /// Body bytes that the kernel accepted. The client may have read fewer: the buffers of the two sockets hold up to
  /// some megabytes.
  public internal(set) var bytesSent = 0
  /// All bytes, including heads and chunk sizes.
  public internal(set) var wireBytesSent = 0
  public internal(set) var outcome = Outcome.inProgress
}

/// The exchanges and counts of a server, shared by its threads.
struct Ledger: Sendable {
  var exchanges: [Exchange] = []
  /// Running threads, including the accepting one.
  var threads = 0
  var connections = 0

  mutating func record(_ request: Request, connection: Int) -> Request {
    var request = request
    request.number = exchanges.count + 1
    request.connection = connection
    exchanges.append(Exchange(request: request))
    return request
  }
}
