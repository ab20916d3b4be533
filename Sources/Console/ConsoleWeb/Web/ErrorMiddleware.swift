import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Postgres

/// Converts errors to a page, or for the API to a problem document (RFC 9457). It logs errors that the client did not
/// cause.
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
      // A missing registry is not logged: before the first run it is normal.
      if problem.status.code >= 500, problem.text != "problem_no_registry", !(error is CancellationError) {
        // A temporary problem is a warning, so that alarms do not count it.
        logger.log(
          level: problem.status == .serviceUnavailable ? .warning : .error,
          "\(request.method) \(request.uri.path): \((error as? PostgresError).map { "\($0.place): \($0.message)" } ?? "\(error)")",
          metadata: ["status": "\(problem.status.code)"])
      }
      let language = SessionMiddleware.language(of: request)
      var response =
        request.uri.path.hasPrefix("/api/") || request.uri.path == "/healthz"
        ? APIProblem.response(problem, site.texts)
        : site.page(
          "problem", context.location == "/" ? SessionMiddleware.context(of: request, context) : context,
          [
            "status": problem.status.code, "heading": heading(of: problem, language),
            "problem": site.texts.text(problem.text, language), "detail": problem.detail,
            "link_path": link(of: problem, request)?.path,
            "link": link(of: problem, request).map { site.texts.text($0.text, language) },
          ], status: problem.status)
      if problem.status == .methodNotAllowed { response.headers[.allow] = "GET, HEAD, POST" }
      if let seconds = problem.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
      return response
    }
  }

  /// Returns the page that a problem's text names, or the list behind a page that is for operators only.
  private func link(of problem: Problem, _ request: Request) -> (path: String, text: String)? {
    switch problem.text {
    case "run_problem_changed": ("/rollback", "run_rollback")
    case "problem_operators_only" where request.uri.path.hasPrefix("/schedules"): ("/schedules", "nav_schedules")
    case "problem_operators_only" where request.uri.path != "/audit": ("/runs", "nav_runs")
    default: nil
    }
  }

  private func heading(of problem: Problem, _ language: Language) -> String {
    let key = problem.text + "_title"
    let heading = site.texts.text(key, language)
    return heading == key ? site.texts.text("problem_title", language) : heading
  }
}
