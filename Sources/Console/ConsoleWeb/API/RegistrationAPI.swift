import ConsoleQueries
import Hummingbird

/// The read-only API of the registry. It refuses invalid and unknown parameters, and names them in the answer.
struct RegistrationAPI {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/api/openapi.json") { request, _ in
      APIAnswer.response(String(decoding: PackageResources.openapi_json, as: UTF8.self), to: request)
    }
    router.get("/api/registrations/:ban") { request, context in
      guard let ban = context.parameters.get("ban").flatMap({ BAN($0) }) else {
        throw QueryProblem("ban", .ban).asProblem
      }
      guard let business = try await site.read(context, { try Business.find(ban, on: &$0) }) else {
        throw Problem(.notFound, "problem_not_found")
      }
      return APIAnswer.response(.business(business), to: request)
    }
    router.get("/api/registrations") { request, context in
      let (query, search) = try read(request, RegistrationQuery.names) { values, place, size throws(QueryProblem) in
        let query = try RegistrationQuery(values)
        return (query, try RegistrationSearch(query, place: place, size: size))
      }
      let page = try await site.read(context) { try search.page(on: &$0) }
      let path = Self.path("/api/registrations", query.parameters, request)
      return APIAnswer.response(
        .object([
          ("registrations", .list(page.rows) { .registration($0) }),
          ("total", page.total.map { .number(Int64($0)) } ?? .null), ("next", .text(path(page.next))),
          ("previous", .text(path(page.previous))),
        ]), to: request)
    }
    router.get("/api/changes") { request, context in
      let (query, list) = try read(request, ChangeFilter.names) { values, place, size throws(QueryProblem) in
        let query = try ChangeFilter(values)
        return (query, try ChangeList(query, place: place, size: size))
      }
      let page = try await site.read(context) { try list.page(on: &$0) }
      let path = Self.path("/api/changes", query.parameters, request)
      return APIAnswer.response(
        .object([
          ("changes", .list(page.changes) { .change($0) }),
          ("total", page.total.map { .number(Int64($0)) } ?? .null),
          ("undone", .list(page.undone) { .undone($0) }), ("next", .text(path(page.next))),
          ("previous", .text(path(page.previous))),
        ]), to: request)
    }
  }

  private static let sizeDefault = 50
  private static let sizeMax = 200

  /// Creates a query from a request's parameters: `names`, `place` and `limit`.
  private func read<Query>(
    _ request: Request, _ names: [String],
    _ make: (_ values: [String: String], _ place: String?, _ size: Int) throws(QueryProblem) -> Query
  ) throws(Problem) -> Query {
    let fields = try QueryFields(request)
    if let unknown = fields.values.keys.sorted().first(where: { !names.contains($0) && $0 != "place" && $0 != "limit" })
    {
      throw Problem(.badRequest, "reg_problem_unknown", detail: String(unknown.prefix(100)))
    }
    var size = Self.sizeDefault
    if let limit = fields.values["limit"], !limit.isEmpty {
      guard limit.utf8.count < 4, limit.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(limit),
        1...Self.sizeMax ~= number
      else { throw Problem(.badRequest, "reg_problem_limit", detail: "limit") }
      size = number
    }
    do { return try make(fields.values, fields.place, size) } catch { throw error.asProblem }
  }

  /// Returns a function that makes the address of another page of the same query.
  private static func path(
    _ base: String, _ parameters: [(name: String, value: String)], _ request: Request
  ) -> (String?) -> String? {
    let limit = FormFields(encoded: request.uri.query ?? "")?["limit"].map { [("limit", $0)] } ?? []
    return { QueryFields.path(base, parameters + limit.map { (name: $0.0, value: $0.1) }, at: $0) }
  }
}
