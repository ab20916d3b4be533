import ConsoleQueries
import Hummingbird

/// The values of an address's query, and addresses made of them.
struct QueryFields {
  let values: [String: String]

  init(_ request: Request) throws(Problem) {
    guard let fields = FormFields(encoded: request.uri.query ?? "") else {
      throw Problem(.badRequest, "problem_bad_request")
    }
    values = fields.values
  }

  /// Where the list is read on from; nil where the start is meant.
  var place: String? { values["place"].flatMap { $0.isEmpty ? nil : $0 } }

  static func path(_ base: String, _ parameters: [(name: String, value: String)]) -> String {
    guard !parameters.isEmpty else { return base }
    return base + "?" + parameters.map { "\($0.name)=\(LocalPath.encode($0.value))" }.joined(separator: "&")
  }

  /// The same at another place; nil where there is none.
  static func path(_ base: String, _ parameters: [(name: String, value: String)], at place: String?) -> String? {
    place.map { path(base, parameters + [("place", $0)]) }
  }
}

extension QueryProblem {
  /// Key of the text that says what is wrong.
  var text: String { "reg_problem_" + reason.rawValue }

  var asProblem: Problem { Problem(.badRequest, text, detail: parameter) }
}
