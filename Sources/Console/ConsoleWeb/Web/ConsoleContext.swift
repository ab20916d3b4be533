import ConsoleStore
import Hummingbird
import NIOCore
import Synchronization

/// The context of a request. Middleware fills it in.
public struct ConsoleContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// The client's address; behind a trusted proxy, the address from the proxy's header.
  public var peer: String
  /// The session; nil without a log-in.
  public var session: Session?
  /// The session's token.
  var token: String?
  /// The language of the interface.
  public var language = Language.chinese
  /// Path and query, to return to after a log-in or a change of the language.
  public var location = "/"
  /// The fields of the form, which was checked to be of this session.
  public var form = FormFields()

  private let channel: any Channel

  public init(source: ApplicationRequestContextSource) {
    channel = source.channel
    coreContext = .init(source: source)
    let address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    peer = ClientAddress.parse(address) ?? address
  }

  public var isOperator: Bool { session?.role == .operator }

  /// Runs `work` for the request, and cancels it if the client closes the connection. Its database session is then free
  /// for other requests.
  func whileConnected<Answer: Sendable>(
    _ work: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    let task = Task { try await work() }
    // The channel keeps this closure until it closes. The task and its result must not live that long.
    let cancel = Mutex<(@Sendable () -> Void)?>({ task.cancel() })
    channel.closeFuture.whenComplete { _ in cancel.withLock { $0 }?() }
    defer { cancel.withLock { $0 = nil } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
