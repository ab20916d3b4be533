import ConsoleQueries
import Hummingbird

/// The values of a URL's query, and functions that make such URLs.
struct QueryFields {
  let values: [String: String]

  init(_ request: Request) throws(Problem) {
    guard let fields = FormFields(encoded: request.uri.query ?? "") else {
      throw Problem(.badRequest, "problem_bad_request")
    }
    values = fields.values
  }

  /// The page cursor; nil for the first page.
  var place: String? { values["place"].flatMap { $0.isEmpty ? nil : $0 } }

  static func path(_ base: String, _ parameters: [(name: String, value: String)]) -> String {
    guard !parameters.isEmpty else { return base }
    return base + "?" + parameters.map { "\($0.name)=\(LocalPath.encode($0.value))" }.joined(separator: "&")
  }

  /// Returns the path of another page; nil if there is no cursor.
  static func path(_ base: String, _ parameters: [(name: String, value: String)], at place: String?) -> String? {
    place.map { path(base, parameters + [("place", $0)]) }
  }
}

extension QueryProblem {
  /// The key of the text of this problem.
  var text: String { "reg_problem_" + reason.rawValue }

  var asProblem: Problem { Problem(.badRequest, text, detail: parameter) }
}
