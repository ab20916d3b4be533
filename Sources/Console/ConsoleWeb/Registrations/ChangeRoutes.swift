import ConsoleQueries
import Hummingbird

/// The page of changes in the registry, run by run.
struct ChangeRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/changes") { request, context in
      let fields = try QueryFields(request)
      let text = RunText(site: site, context: context)
      var values = form(fields.values, text)
      do {
        let changes = try RegistrationChanges(fields.values, place: fields.place)
        let page = try await site.read(context) { try changes.page(on: &$0) }
        values["changes"] = page.changes.map { ChangeRow(text: text, $0).values }
        values["has_changes"] = !page.changes.isEmpty
        values["next_path"] = QueryFields.path("/changes", changes.parameters, at: page.next)
        values["previous_path"] = QueryFields.path("/changes", changes.parameters, at: page.previous)
        return site.page("registrations-changes", context, values)
      } catch let problem as QueryProblem {
        values["problem"] = text(problem.text)
        values["problem_field"] = text.named("reg_field_", problem.parameter)
        return site.page("registrations-changes", context, values, status: .badRequest)
      }
    }
  }

  private func form(_ fields: [String: String], _ text: RunText) -> [String: Any?] {
    func options(_ name: String, _ choices: [String], _ prefix: String) -> [[String: Any]] {
      choices.map { ["value": $0, "label": text.named(prefix, $0), "is_chosen": $0 == fields[name]] }
    }
    return [
      "nav_changes": true, "f_since": fields["since"], "f_ban": fields["ban"],
      "kinds": options("kind", RegistrationChange.Kind.allCases.map(\.rawValue), "run_kind_"),
      "columns_to_choose": options("column", RegistrationChange.columnNames, "run_column_"),
    ]
  }
}
