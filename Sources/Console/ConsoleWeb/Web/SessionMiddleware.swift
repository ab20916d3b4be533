import ConsoleStore
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Finds the session, the language and the client's address of a request.
struct SessionMiddleware: RouterMiddleware {
  let site: Site
  let logger: Logger
  private let firstTime = FirstTime()

  init(site: Site, logger: Logger) {
    self.site = site
    self.logger = logger
  }

  static let languageCookie = "console_language"

  func handle(
    _ request: Request, context: ConsoleContext, next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    var context = Self.context(of: request, context)
    if site.settings.isBehindTLS { context.peer = client(request, context.peer) }
    // These paths do not depend on the session. They need no database, or report its state themselves.
    if request.uri.path.hasPrefix("/assets/") || ["/language", "/healthz"].contains(request.uri.path) {
      return try await next(request, context)
    }
    (context.session, context.token) = try await session(of: request)
    return try await next(request, context)
  }

  private func client(_ request: Request, _ peer: String) -> String {
    let forwarded = request.headers[values: .forwardedFor]
    let proxies = site.settings.trustedProxies
    if !forwarded.isEmpty, !proxies.contains(where: { $0.contains(peer) }), firstTime.isFirst() {
      logger.warning(
        "X-Forwarded-For from \(peer) is ignored: this address is not in --trusted-proxy (CONSOLE_TRUSTED_PROXIES)")
    }
    return proxies.client(peer, forwarded: forwarded)
  }

  private func session(of request: Request) async throws -> (Session?, String?) {
    let token: String
    let kind: Session.Kind
    // Other schemes are ignored, since a proxy may have a log-in of its own.
    if request.uri.path.hasPrefix("/api/"), let header = request.headers[.authorization],
      header.lowercased().hasPrefix("bearer ")
    {
      (token, kind) = (String(header.dropFirst(7)), .api)
    } else if let cookie = request.cookies[SessionCookie.name(site.settings)] {
      (token, kind) = (cookie.value, .browser)
    } else {
      return (nil, nil)
    }
    return (try await site.store.run { try Sessions.find(token, kind: kind, on: &$0) }, token)
  }

  static func context(of request: Request, _ context: ConsoleContext) -> ConsoleContext {
    var context = context
    context.language = language(of: request)
    // The address of a POST form has no page to return to.
    context.location = request.method == .get ? request.uri.string : "/"
    return context
  }

  /// Returns the chosen language; Chinese by default.
  static func language(of request: Request) -> Language {
    request.cookies[languageCookie].flatMap { Language(rawValue: $0.value) } ?? .chinese
  }
}

/// Remembers whether a message was logged.
private final class FirstTime: Sendable {
  private let isTold = Mutex(false)

  func isFirst() -> Bool {
    isTold.withLock { isTold in
      defer { isTold = true }
      return !isTold
    }
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For") ?? .via
}
