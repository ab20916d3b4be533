import ConsoleDesk
import HTTPTypes
import Hummingbird

/// Finds out who asks, in which language, from where.
struct Visit: RouterMiddleware {
  let site: Site

  static let languageCookie = "console_language"

  func handle(
    _ request: Request, context: ConsoleContext, next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    var context = Self.context(of: request, context)
    // The proxy adds the address that it sees to the end of the list; what stands before it anybody may have written.
    if site.settings.isBehindTLS, let forwarded = request.headers[values: .forwardedFor].last,
      let address = forwarded.split(separator: ",").last.flatMap({ ClientAddress.parse(String($0)) })
    {
      context.peer = address
    }
    // These show the same to all, and need no answer of the database, or say themselves what it answers.
    if request.uri.path.hasPrefix("/assets/") || ["/language", "/healthz"].contains(request.uri.path) {
      return try await next(request, context)
    }
    (context.session, context.token) = try await session(of: request)
    return try await next(request, context)
  }

  private func session(of request: Request) async throws -> (Session?, String?) {
    let token: String
    let kind: Session.Kind
    // A proxy may have a log-in of its own: any other header is not for us.
    if request.uri.path.hasPrefix("/api/"), let header = request.headers[.authorization],
      header.lowercased().hasPrefix("bearer ")
    {
      (token, kind) = (String(header.dropFirst(7)), .api)
    } else if let cookie = request.cookies[SessionCookie.name(site.settings)] {
      (token, kind) = (cookie.value, .browser)
    } else {
      return (nil, nil)
    }
    return (try await site.desk.run { try Sessions.find(token, kind: kind, on: &$0) }, token)
  }

  static func context(of request: Request, _ context: ConsoleContext) -> ConsoleContext {
    var context = context
    context.language = language(of: request)
    // A form's own address shows nothing: from there one goes on from the start.
    context.location = request.method == .get ? request.uri.string : "/"
    return context
  }

  /// As chosen; Chinese until then.
  static func language(of request: Request) -> Language {
    request.cookies[languageCookie].flatMap { Language(rawValue: $0.value) } ?? .chinese
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For") ?? .via
}
