import ConsoleQueries
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres

/// An error that a page or the API reports: a status and a text of the interface.
public struct Problem: Error, Sendable {
  public let status: HTTPResponse.Status
  /// The key of a text, such as `problem_not_found`.
  public let text: String
  /// Details, possibly from the request; shown escaped.
  public let detail: String?
  /// The value of the Retry-After header.
  public var retryAfterSeconds: Int?

  public init(_ status: HTTPResponse.Status, _ text: String, detail: String? = nil, retryAfterSeconds: Int? = nil) {
    self.status = status
    self.text = text
    self.detail = detail
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// Converts any error.
  init(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    // A cursor may be found to be invalid only in the database.
    case let problem as QueryProblem: self = problem.asProblem
    // The client has disconnected, so the answer is not read.
    case is CancellationError: self.init(.serviceUnavailable, "problem_busy")
    case is AccountLimiter.Full: self.init(.tooManyRequests, "problem_too_many_at_once", retryAfterSeconds: 5)
    case is Pool.Full: self.init(.serviceUnavailable, "problem_busy", retryAfterSeconds: 5)
    case let error as PostgresError where error.sqlState == "57014":
      self.init(.serviceUnavailable, "problem_too_slow")
    // A value of the request that the database cannot use, such as a pattern.
    case let error as PostgresError where error.sqlState?.hasPrefix("22") ?? false:
      self.init(.badRequest, "problem_bad_request")
    case let error as PostgresError where error.kind == .denied:
      self.init(.serviceUnavailable, "problem_no_right", detail: error.message)
    case let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "42883":
      self.init(.serviceUnavailable, "problem_no_registry")
    // An unknown value, or a feature that the server does not have: waiting does not help.
    case let error as PostgresError where error.kind == .statement && [nil, "0A000"].contains(error.sqlState):
      self.init(.internalServerError, "problem_internal")
    case is PostgresError, is Pool.Closed:
      self.init(.serviceUnavailable, "problem_no_database", retryAfterSeconds: 5)
    case let error as any HTTPResponseError:
      switch error.status {
      case .notFound: self.init(.notFound, "problem_not_found")
      case .contentTooLarge: self.init(.contentTooLarge, "problem_too_large")
      case let status where status.code < 500: self.init(status, "problem_bad_request")
      default: self.init(.internalServerError, "problem_internal")
      }
    default: self.init(.internalServerError, "problem_internal")
    }
  }
}

/// Formats a problem for the API: `application/problem+json` (RFC 9457), in English.
enum APIProblem {
  private struct Document: Encodable {
    let type = "about:blank"
    let title: String
    let status: Int
    let detail: String
  }

  static func response(_ problem: Problem, _ texts: Texts) -> Response {
    var detail = texts.text(problem.text, .english)
    if let more = problem.detail { detail += " (\(more))" }
    let document = Document(title: problem.status.reasonPhrase, status: problem.status.code, detail: detail)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = (try? encoder.encode(document)) ?? Data()
    return Response(
      status: problem.status, headers: [.contentType: "application/problem+json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
