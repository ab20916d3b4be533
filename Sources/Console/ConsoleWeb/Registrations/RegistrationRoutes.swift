import ConsoleQueries
import Hummingbird

/// The search, its export as CSV, and the page of a business.
struct RegistrationRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/registrations") { request, context in try await list(request, context) }
    router.get("/registrations.csv") { request, context in try await export(request, context) }
    router.get("/registrations/suggestions") { request, context in try await suggestions(request, context) }
    router.get("/registrations/:ban") { _, context in
      guard let ban = context.parameters.get("ban").flatMap({ BAN($0) }) else {
        throw Problem(.notFound, "problem_no_ban")
      }
      if let business = try await site.read(context, { try Business.find(ban, on: &$0) }) {
        return site.page(
          "business", context, BusinessPage(text: RunText(site: site, context: context), business).values)
      }
      guard let rejection = try await rejection(of: ban, context) else {
        throw Problem(.notFound, "problem_no_business")
      }
      return site.page(
        "problem", context,
        [
          "status": 404, "heading": ban.text, "problem": rejection.text, "link_path": rejection.path,
          "link": site.text("reg_rejected_see", context), "nav_registrations": true,
        ], status: .notFound)
    }
  }

  /// Says why the published file's record of a business was not loaded.
  ///
  /// - Returns: the text, and the path of the findings; nil if the record was not rejected.
  private func rejection(of ban: BAN, _ context: ConsoleContext) async throws -> (text: String, path: String)? {
    guard let (run, finding) = try await site.read(context, { try Findings.rejection(of: ban, on: &$0) }) else {
      return nil
    }
    let text = RunText(site: site, context: context)
    return (
      text("reg_rejected", run.publication?.sourceDay ?? "–", text.meaning(of: finding)),
      FindingRequest.path(of: ban, run: run.id)
    )
  }

  /// Says why a search found nothing.
  private func nothingFound(_ query: RegistrationQuery, _ context: ConsoleContext) async throws -> [String: Any?] {
    guard query.parameters.count == 1, let text = query.text else { return ["none": site.text("reg_none", context)] }
    if let ban = text.ban {
      let rejection = try await rejection(of: ban, context)
      return ["none": rejection?.text ?? site.text("problem_no_business", context), "none_path": rejection?.path]
    }
    let digits = text.digitCount.map { RunText(site: site, context: context)("reg_none_digits", "\($0)") }
    return ["none": digits ?? site.text("reg_none", context)]
  }

  private func list(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let fields = try QueryFields(request)
    let page = RegistrationListPage(text: RunText(site: site, context: context), fields.values)
    do {
      let query = try RegistrationQuery(fields.values)
      let search = try RegistrationSearch(query, place: fields.place)
      let ban = query.parameters.count == 1 ? query.text?.ban : nil
      let (types, found, isKnown, all) = try await site.read(context) { connection in
        let found = try search.page(on: &connection)
        // A business that was removed has a page, too.
        let isKnown = try ban.map { try found.rows.first?.ban == $0.text || Business.find($0, on: &connection) != nil }
        let all = try JobRuns.published(&connection)?.publication?.registrations
        return (try RegistrationChoices.types(on: &connection), found, isKnown, all)
      }
      if let ban, isKnown == true { return site.redirect(to: "/registrations/\(ban.text)") }
      var values = page.values(types, query, found, all: all)
      if found.rows.isEmpty { values.merge(try await nothingFound(query, context)) { $1 } }
      return site.page("registrations", context, values)
    } catch let problem as QueryProblem {
      let types = try await site.read(context) { try RegistrationChoices.types(on: &$0) }
      return site.page("registrations", context, page.values(types, problem), status: .badRequest)
    }
  }

  /// Answers what the search box suggests while the user types, as options of a list.
  private func suggestions(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let typed = try QueryFields(request).values["q"]
    guard let query = try? RegistrationQuery(["q": typed ?? ""]), query.text != nil,
      let search = try? RegistrationSearch(query, size: 8)
    else { return site.page("registrations-suggestions", context) }
    let found = try await site.read(context) { try search.page(on: &$0) }
    return site.page(
      "registrations-suggestions", context,
      ["rows": found.rows.map { ["ban": $0.ban, "name": $0.name, "address": $0.address ?? ""] }])
  }

  private func export(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    let query: RegistrationQuery
    do { query = try RegistrationQuery(try QueryFields(request).values) } catch let problem as QueryProblem {
      throw problem.asProblem
    }
    return try await CSVDownload(site: site, name: "registrations", words: query.fileWords)
      .response(to: request, context) { try RegistrationExport(query).write(on: &$0, $1) }
  }
}
