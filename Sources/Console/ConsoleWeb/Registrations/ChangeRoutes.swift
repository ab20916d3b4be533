import ConsoleQueries
import Hummingbird

/// The page of changes in the registry, run by run, and its export as CSV.
struct ChangeRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/changes") { request, context in try await list(request, context) }
    router.get("/changes.csv") { request, context in try await export(request, context) }
  }

  private func list(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let text = RunText(site: site, context: context)
    let asked = try QueryFields(request)
    var fields = asked.values
    if fields.isEmpty { fields["since"] = try await site.read(context) { try Publications.weekBegins(on: &$0) } }
    let page = ChangeListPage(text: text, fields)
    do {
      let query = try ChangeFilter(fields)
      let list = try ChangeList(query, place: asked.place)
      return site.page("changes", context, page.values(query, try await site.read(context) { try list.page(on: &$0) }))
    } catch let problem as QueryProblem {
      return site.page("changes", context, page.values(problem), status: .badRequest)
    }
  }

  private func export(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let query: ChangeFilter
    do { query = try ChangeFilter(try QueryFields(request).values) } catch let problem as QueryProblem {
      throw problem.asProblem
    }
    let labels = ChangeListPage(text: RunText(site: site, context: context), [:]).labels
    return try await CSVDownload(site: site, name: "changes", words: query.fileWords, day: query.until)
      .response(to: request, context) { try ChangeExport(query, labels).write(on: &$0, $1) }
  }
}
