/// A request and what became of it.
public struct Exchange: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    case inProgress
    /// The answer was sent as its head promised; the connection may go on.
    case complete
    /// The server closed the connection: a body without a length ended, the answer was cut short, or none was given.
    case closed
    case reset
    case clientGone
    case stopped
    /// The handler threw. A test that ends well has none of these: see `LoopbackServer.failures`.
    case failed(String)
  }

  public let request: Request
  /// Of the last final (not 1xx) head.
  public internal(set) var status: Int?
  /// Bytes given to `send` and `sendChunk` that the kernel took. The client may have read fewer: up to some megabytes
  /// lie in the buffers of the two sockets.
  public internal(set) var bytesSent = 0
  /// Everything, with heads and chunk sizes.
  public internal(set) var wireBytesSent = 0
  public internal(set) var outcome = Outcome.inProgress
}

/// What a server has seen and done, shared by its threads.
struct Ledger: Sendable {
  var exchanges: [Exchange] = []
  /// Running threads, the accepting one included.
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
