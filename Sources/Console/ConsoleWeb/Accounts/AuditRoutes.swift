import ConsoleStore
import Hummingbird

/// The page of the audit log, for operators.
struct AuditRoutes {
  let site: Site
  private static let pageSize = 100

  func add(to router: Router<ConsoleContext>) {
    router.get("/audit") { request, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      let fields = try QueryFields(request).values
      func chosen(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
      let (before, account, action) = (fields["before"].flatMap { Int($0) }, chosen("account"), chosen("action"))
      let (entries, choices, tasks) = try await site.store.run { connection in
        (
          try Audit.list(before: before, account: account, action: action, limit: Self.pageSize + 1, on: &connection),
          try Audit.choices(on: &connection), try Tasks.list(limit: 400, on: &connection)
        )
      }
      // Without the spool or the registry, the tasks have no numbers of runs.
      let runs = (try? await RunList.read(site, context).runs) ?? []
      let text = RunText(site: site, context: context)
      let rows = entries.prefix(Self.pageSize).map { entry in
        let task = tasks.first { "\($0.id)" == entry.subject }
        let run = task.flatMap { task in runs.first { $0.task?.id == task.id } }
        return AuditRow(text: text, entry, task: task, run: run).values
      }
      let filter: [(name: String, value: String)] = [("account", account), ("action", action)]
        .compactMap { name, value in value.map { (name, $0) } }
      func options(_ values: [String], _ chosen: String?, _ label: (String) -> String) -> [[String: Any]] {
        values.map { ["value": $0, "label": label($0), "is_chosen": $0 == chosen] }
      }
      return site.page(
        "audit", context,
        [
          "rows": rows, "has_rows": !rows.isEmpty,
          "accounts": options(choices.accounts, account) { $0 },
          "actions": options(choices.actions, action) { AuditRow.action($0, text, kind: "…") },
          "older_path": entries.count > Self.pageSize
            ? QueryFields.path("/audit", filter + [("before", entries[Self.pageSize - 1].id)]) : nil,
          "nav_audit": true,
        ])
    }
  }
}
