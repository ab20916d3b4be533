import ConsoleStore
import Digest
import HTTPTypes
import Hummingbird
import NIOHTTP1

/// Requires a session for all paths except a few such as the log-in page, and an operator's session for all changes.
struct Authorization: RouterMiddleware {
  let site: Site

  private static let open: Set<String> = ["/login", "/language", "/healthz"]
  /// The forms that every logged-in user may send.
  private static let forAll: Set<String> = ["/logout"]
  private static let formBytes = 65_536

  func handle(
    _ request: Request, context: ConsoleContext, next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    let path = request.uri.path
    guard FormFields(encoded: request.uri.query ?? "") != nil else { throw Problem(.badRequest, "problem_bad_request") }
    if context.session == nil, !Self.open.contains(path), !path.hasPrefix("/assets/") {
      if path.hasPrefix("/api/") {
        var response = APIProblem.response(Problem(.unauthorized, "problem_token"), site.texts)
        response.headers[.wwwAuthenticate] = "Bearer"
        return response
      }
      guard request.method == .get || request.method == .head else { return try await keepForm(request, context) }
      return site.redirect(to: "/login?to=\(LocalPath.encode(context.location))")
    }
    if request.method == .get || request.method == .head { return try await next(request, context) }
    var context = context
    context.form = try await checkedForm(request, context)
    return try await next(request, context)
  }

  /// Returns the log-in page for a form whose session has ended. The page keeps the form.
  private func keepForm(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let form = KeptForm(path: request.uri.path, try await ownForm(request))
    if form.path == "/logout" { return site.redirect(to: "/login") }
    return site.page(
      "login", context,
      ["to": "/", "kept_fields": form.keptFields, "keeps_form": true, "notice": site.text("login_ended", context)],
      status: .unauthorized)
  }

  /// Reads a form and checks that it comes from the console's own pages, by the session's form token.
  private func checkedForm(_ request: Request, _ context: ConsoleContext) async throws -> FormFields {
    let form = try await ownForm(request)
    let path = request.uri.path
    if path == "/login" { return form }
    guard let session = context.session, session.kind == .browser, let token = form.values["form_token"],
      isEqualInConstantTime(Array(token.utf8), Array(session.formToken.utf8))
    else { throw Problem(.forbidden, "problem_foreign_form") }
    guard session.role == .operator || Self.forAll.contains(path) else {
      throw Problem(.forbidden, "problem_operators_only")
    }
    return form
  }

  /// Reads a form, and refuses one of another site by the headers Origin or Sec-Fetch-Site.
  private func ownForm(_ request: Request) async throws -> FormFields {
    guard request.method == .post else { throw Problem(.methodNotAllowed, "problem_bad_request") }
    if let origin = request.headers[.origin] {
      let host = request.head.authority
      guard site.settings.hostNames.allow(origin: origin, host: host) else {
        throw Problem(.forbidden, "problem_foreign_origin", detail: "Origin: \(origin), Host: \(host ?? "")")
      }
    } else if let site = request.headers[.fetchSite], site != "same-origin" {
      throw Problem(.forbidden, "problem_foreign_form")
    }
    let body = try await received(request.body)
    guard let text = String(validating: body.readableBytesView, as: UTF8.self), let form = FormFields(encoded: text)
    else { throw Problem(.badRequest, "problem_bad_request") }
    return form
  }

  /// Receives the body.
  ///
  /// - Throws: a 400 problem if the request was cut off or the client has disconnected. HTTP errors are passed on: the
  ///   server itself answers requests that are not HTTP.
  private func received(_ body: RequestBody) async throws -> ByteBuffer {
    do {
      return try await body.collect(upTo: Self.formBytes)
    } catch let error where !(error is HTTPParserError || error is any HTTPResponseError) {
      throw Problem(.badRequest, "problem_bad_request")
    }
  }
}

extension HTTPField.Name {
  static let fetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .via
}
