import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Postgres

/// Turns what was thrown into a page, or for the API into a problem document (RFC 9457), and logs what is nobody's
/// doing.
struct ErrorMiddleware: RouterMiddleware {
  let site: Site
  let logger: Logger

  func handle(
    _ request: Request, context: ConsoleContext, next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPParserError {
      // The server answers 400 and closes the connection.
      throw error
    } catch {
      let problem = Problem(error)
      // Before the first run there is no registry, and nothing is wrong.
      if problem.status.code >= 500, problem.text != "problem_no_registry", !(error is CancellationError) {
        // What passes by itself is no error that alarms should count.
        logger.log(
          level: problem.status == .serviceUnavailable ? .warning : .error,
          "\(request.method) \(request.uri.path): \((error as? PostgresError).map { "\($0.place): \($0.message)" } ?? "\(error)")",
          metadata: ["status": "\(problem.status.code)"])
      }
      var response =
        request.uri.path.hasPrefix("/api/") || request.uri.path == "/healthz"
        ? APIProblem.response(problem, site.texts)
        : site.page(
          "problem", context.location == "/" ? SessionMiddleware.context(of: request, context) : context,
          [
            "status": problem.status.code,
            "problem": site.texts.text(problem.text, SessionMiddleware.language(of: request)),
            "detail": problem.detail,
          ], status: problem.status)
      if problem.status == .methodNotAllowed { response.headers[.allow] = "GET, HEAD, POST" }
      if let seconds = problem.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
      return response
    }
  }
}
