import ConsoleStore
import Hummingbird
import NIOCore
import Synchronization

/// What is known of a request besides itself. Middleware fills it in.
public struct ConsoleContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// Where it comes from; behind a proxy that is trusted, as that says.
  public var peer: String
  /// Who asks; nil where nobody is logged in.
  public var session: Session?
  /// The token that the session was found by.
  var token: String?
  public var language = Language.chinese
  /// Path and query, for the way back after logging in or choosing a language.
  public var location = "/"
  /// The fields of a form that was sent, checked to be of this session.
  public var form = FormFields()

  private let channel: any Channel

  public init(source: ApplicationRequestContextSource) {
    channel = source.channel
    coreContext = .init(source: source)
    let address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    peer = ClientAddress.parse(address) ?? address
  }

  public var isOperator: Bool { session?.role == .operator }

  /// Does something for the request. Where the client closes the connection meanwhile it is cancelled: nobody waits for
  /// the answer, and others wait for the session.
  func whileConnected<Answer: Sendable>(
    _ work: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    let task = Task { try await work() }
    // The channel keeps this closure until it closes. The task, and its answer, must not live that long.
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
