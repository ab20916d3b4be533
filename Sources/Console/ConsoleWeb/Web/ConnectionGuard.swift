import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

/// The limit of connections per address, shared by all connections.
final class ConnectionLimit: Sendable {
  private let turns: AccountLimiter
  private let most: Int
  private let proxies: [AddressRange]
  private let logger: Logger
  private let toldAt = Mutex<ContinuousClock.Instant?>(nil)

  /// - Parameter proxies: addresses without a limit, since all browsers connect through them.
  init(atMost most: Int, proxies: [AddressRange], logger: Logger) {
    turns = AccountLimiter(atMost: most)
    self.most = most
    self.proxies = proxies
    self.logger = logger
  }

  enum Answer {
    case admitted(AccountLimiter.Permit?)
    case refused
  }

  func admit(_ address: String) -> Answer {
    if proxies.contains(where: { $0.contains(address) }) { return .admitted(nil) }
    if let turn = turns.acquire(ClientAddress.network(address)) { return .admitted(turn) }
    // Logged at most once a minute, since any client can cause it.
    let now = ContinuousClock.now
    let isNews = toldAt.withLock { last in
      guard last.map({ now - $0 > .seconds(60) }) ?? true else { return false }
      last = now
      return true
    }
    if isNews {
      logger.warning("refused a connection from \(address): it has \(most) connections open, which is the limit")
    }
    return .refused
  }
}

/// Limits what one connection costs. It counts connections per address, and closes a connection whose request does not
/// arrive in time or whose answer the client does not read. It also closes after an answer to an incomplete request or
/// to something that is not HTTP.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// The time limit from the connection to the first request's head. Between requests the server's idle timeout
  /// applies.
  private static let headTime = TimeAmount.seconds(10)
  /// The time limit from a request's head to its end.
  private static let bodyTime = TimeAmount.seconds(30)
  /// The delay before closing after the last answer. To close while bytes arrive would reset the connection before the
  /// client has read the answer.
  private static let lingerTime = TimeAmount.seconds(2)
  /// How long a client may read nothing of its answer.
  private static let stallTime = TimeAmount.seconds(60)

  private let limit: ConnectionLimit
  private let logger: Logger
  private var turn: AccountLimiter.Permit?
  private var isBegun = false
  /// Whether the head of a request was received, but not its end.
  private var isReceiving = false
  /// Whether a request was received whole, but not answered whole.
  private var isAnswering = false
  /// Whether the answer under way is the last one.
  private var isLast = false
  private var isAnswered = false
  private var isInputClosed = false
  private var deadline: Scheduled<Void>?
  private var stall: Scheduled<Void>?

  init(_ limit: ConnectionLimit, logger: Logger) {
    self.limit = limit
    self.logger = logger
  }

  func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { begin(context) } }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  private func begin(_ context: ChannelHandlerContext) {
    guard !isBegun else { return }
    isBegun = true
    switch limit.admit(context.channel.remoteAddress?.ipAddress ?? "unknown") {
    case .admitted(let turn):
      self.turn = turn
      close(context, in: Self.headTime)
    case .refused: context.close(promise: nil)
    }
  }

  private func end() {
    deadline?.cancel()
    stall?.cancel()
    (deadline, stall, turn) = (nil, nil, nil)
  }

  private func close(_ context: ChannelHandlerContext, in time: TimeAmount) {
    deadline?.cancel()
    deadline = scheduleClose(context, in: time)
  }

  private func scheduleClose(_ context: ChannelHandlerContext, in time: TimeAmount) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      isReceiving = true
      close(context, in: Self.bodyTime)
    case .body: break
    case .end:
      isReceiving = false
      isAnswering = true
      deadline?.cancel()
      if isAnswered { context.close(promise: nil) }
    }
    context.fireChannelRead(data)
  }

  /// Handles a request that is not HTTP. The server answers it with 400.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is ChannelError || error is IOError { return context.fireErrorCaught(error) }
    logger.debug("malformed request from \(context.channel.remoteAddress?.ipAddress ?? "unknown"): \(error)")
    isLast = true
    context.fireErrorCaught(error is HTTPParserError ? error : HTTPParserError.unknown)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event {
      isInputClosed = true
      // A client that closes its side does not wait for the answer, like a browser that leaves a page. Closing the
      // connection cancels the work.
      if isAnswered || isAnswering { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var response):
      guard response.status.kind != .informational, isReceiving || isLast else {
        return context.write(data, promise: promise)
      }
      isLast = true
      response.headerFields[.connection] = "close"
      context.write(wrapOutboundOut(.head(response)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      isAnswering = false
      guard isLast else { return context.write(data, promise: promise) }
      isAnswered = true
      let isOver = isInputClosed || !isReceiving
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { [self] _ in
        if isOver { context.close(promise: nil) } else { close(context, in: Self.lingerTime) }
      }
      context.write(data, promise: written)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    stall?.cancel()
    stall = context.channel.isWritable ? nil : scheduleClose(context, in: Self.stallTime)
    context.fireChannelWritabilityChanged()
  }
}
