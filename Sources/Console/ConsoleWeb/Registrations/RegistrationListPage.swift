import ConsoleQueries

/// The values of the search page: the form and the results.
struct RegistrationListPage {
  let text: RunText
  /// The fields as in the URL.
  let fields: [String: String]

  init(text: RunText, _ fields: [String: String]) {
    self.text = text
    self.fields = fields
  }

  /// - Parameter all: how many businesses the registry has.
  func values(
    _ types: [String], _ query: RegistrationQuery, _ page: RegistrationPage, all: Int?
  ) -> [String: Any?] {
    var values = form(types)
    let parameters = query.parameters
    values["rows"] = page.rows.map { row($0, query.text) }
    values["has_rows"] = !page.rows.isEmpty
    values["found"] =
      if let total = page.total ?? (query.parameters.allSatisfy { ["sort", "order"].contains($0.name) } ? all : nil) {
        text("reg_found", text.count(total))
      } else {
        text(Self.found(page), text.count(page.rows.count))
      }
    if page.isCut { values["found"] = text("reg_found_cut") }
    values["next_path"] = QueryFields.path("/registrations", parameters, at: page.next)
    values["previous_path"] = QueryFields.path("/registrations", parameters, at: page.previous)
    values["csv_path"] = QueryFields.path("/registrations.csv", parameters)
    return values
  }

  /// Returns the key of the text for a page of results whose total is unknown.
  private static func found(_ page: RegistrationPage) -> String {
    switch (page.previous, page.next) {
    case (nil, nil): "reg_found"
    case (_, nil): "reg_found_last"
    default: "reg_found_more"
    }
  }

  func values(_ types: [String], _ problem: QueryProblem) -> [String: Any?] {
    var values = form(types)
    // The query stops at its first problem, so each field is looked at alone, too.
    let alone = RegistrationQuery.names.compactMap { name in
      fields[name].flatMap { value -> QueryProblem? in
        do throws(QueryProblem) { _ = try RegistrationQuery([name: value]) } catch { return error }
        return nil
      }
    }
    values["problem"] = true
    values["problems"] = (alone.contains(problem) ? alone : [problem] + alone).map {
      ["problem_field": text.named("reg_field_", $0.parameter), "problem_text": text($0.text)]
    }
    return values
  }

  private func form(_ types: [String]) -> [String: Any?] {
    var values: [String: Any?] = ["nav_registrations": true, "has_filters": hasFilters]
    for name in RegistrationQuery.names { values["f_" + name] = fields[name] }
    values["q"] = fields["q"]
    values["has_advanced"] = RegistrationQuery.names.contains { $0 != "q" && fields[$0]?.isEmpty == false }
    values["types"] = options("type", types)
    values["cities"] = options("city", RegistrationChoices.cities, chosen: fields["city"]?.replacing("台", with: "臺"))
    values["invoices"] = options("invoice", RegistrationQuery.Invoice.allCases.map(\.rawValue), named: "")
    values["head_offices"] = options("head_office", ["none", "any"], named: "reg_head_office_")
    values["sorts"] = options("sort", RegistrationSort.allCases.map(\.rawValue), named: "reg_sort_")
    values["orders"] = options("order", ["asc", "desc"], named: "reg_order_")
    return values
  }

  private var hasFilters: Bool {
    RegistrationQuery.names.contains { $0 != "sort" && $0 != "order" && fields[$0]?.isEmpty == false }
  }

  private func options(
    _ name: String, _ choices: [String], named prefix: String? = nil, chosen: String? = nil
  ) -> [[String: Any]] {
    let chosen = chosen ?? fields[name] ?? ""
    // The form also lists the chosen value if the registry does not have it.
    let others = chosen.isEmpty || choices.contains(chosen) ? [] : [chosen]
    return (choices + others).map { choice in
      ["value": choice, "label": prefix.map { text.named($0, choice) } ?? choice, "is_chosen": choice == chosen]
    }
  }

  private func row(_ row: Registration, _ searched: SearchText?) -> [String: Any] {
    [
      "ban": row.ban, "name": parts(row.name, searched), "address": parts(row.address ?? "–", searched),
      "type": row.type ?? "–",
      "capital": row.capital.map { text.count(Int($0)) } ?? "–", "set_up": row.setUp ?? row.setUpAsPublished ?? "–",
      "is_corrected": row.isCorrected,
      "industries": row.industries.map { ["code": $0.code, "industry": $0.name ?? $0.code] },
    ]
  }

  private func parts(_ text: String, _ searched: SearchText?) -> [[String: Any]] {
    (searched?.parts(of: text) ?? [(text, false)]).map { ["text": $0.text, "is_match": $0.isMatch] }
  }
}
