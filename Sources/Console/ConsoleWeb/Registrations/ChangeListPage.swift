import ConsoleQueries

/// The values of the page of changes: the form and the list.
struct ChangeListPage {
  let text: RunText
  /// The fields as in the URL.
  let fields: [String: String]

  init(text: RunText, _ fields: [String: String]) {
    self.text = text
    self.fields = fields
  }

  func values(_ query: ChangeFilter, _ page: ChangeList.Page) -> [String: Any?] {
    var values = form
    values["changes"] = page.changes.map { ChangeRow(text: text, $0).values }
    values["has_changes"] = !page.changes.isEmpty
    values["found"] =
      page.total.map { text("reg_found", text.count($0)) }
      ?? text("reg_found_over", text.count(ChangeList.totalMax))
    values["of_run"] = query.run.map { text("reg_of_run", "\($0)") }
    if !page.undone.isEmpty {
      let loads = page.undone.map { text("run_rollback_load", $0.asOfDate ?? "–", "\($0.jobRunID)") }
      values["undone_loads"] = text("reg_undone_loads", loads.joined(separator: text("comma")))
    }
    values["undone"] = page.undone.map { load -> [String: Any] in
      let (run, rollback) = ("\(load.jobRunID)", "\(load.rollback)")
      return [
        "undone_load": text("reg_undone_load", run, load.asOfDate ?? "–", rollback, text.count(load.changes)),
        "run": run, "rollback": rollback,
      ]
    }
    values["next_path"] = QueryFields.path("/changes", query.parameters, at: page.next)
    values["previous_path"] = QueryFields.path("/changes", query.parameters, at: page.previous)
    values["csv_path"] = QueryFields.path("/changes.csv", query.parameters)
    return values
  }

  func values(_ problem: QueryProblem) -> [String: Any?] {
    var values = form
    values["problem"] = text(problem.text)
    values["problem_field"] = text.named("reg_field_", problem.parameter)
    return values
  }

  /// The texts of the export.
  var labels: ChangeExport.Labels {
    var values: [String: String] = [:]
    func add(_ group: String, _ names: [String], _ prefix: String) {
      for name in names { values["\(group) \(name)"] = text.named(prefix, name) }
    }
    add("kind", RegistrationChange.Kind.allCases.map(\.rawValue), "run_kind_")
    add("column", RegistrationChange.columnNames, "run_column_")
    add("reason", ["absent", "rejected"], "run_removed_")
    add("action", ["load", "rollback", "replay", "withdraw"], "run_action_")
    values["undone yes"] = text("reg_undone")
    let header = [
      "reg_change_day", "reg_field_kind", "reg_field_ban", "reg_field_name", "reg_column", "reg_before", "reg_after",
      "reg_change_reason", "reg_change_run",
    ]
    return ChangeExport.Labels(header: header.map { text($0) }, values: values)
  }

  private var form: [String: Any?] {
    func options(_ name: String, _ choices: [String], _ prefix: String? = nil) -> [[String: Any]] {
      let chosen = prefix == nil ? fields[name]?.replacing("台", with: "臺") : fields[name]
      return choices.map { choice in
        ["value": choice, "label": prefix.map { text.named($0, choice) } ?? choice, "is_chosen": choice == chosen]
      }
    }
    var values: [String: Any?] = ["nav_changes": true, "includes_undone": fields["undone"] == "yes"]
    for name in ChangeFilter.names { values["f_" + name] = fields[name] }
    values["kinds"] = options("kind", RegistrationChange.Kind.allCases.map(\.rawValue), "run_kind_")
    // The two columns of the set-up date change together, so one choice is enough.
    values["columns_to_choose"] = options(
      "column", RegistrationChange.columnNames.filter { $0 != "setup_date" }, "run_column_")
    for name in ["city", "moved_to", "moved_from"] {
      values["cities_" + name] = options(name, RegistrationChoices.cities)
    }
    values["has_advanced"] = ["column", "city", "ban", "name", "undone"].contains { fields[$0]?.isEmpty == false }
    return values
  }
}
