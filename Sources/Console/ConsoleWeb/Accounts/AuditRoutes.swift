import ConsoleStore
import Hummingbird

/// The page of the audit log, for operators.
struct AuditRoutes {
  let site: Site
  private static let pageSize = 100

  func add(to router: Router<ConsoleContext>) {
    router.get("/audit") { request, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      let before = FormFields(encoded: request.uri.query ?? "")?["before"].flatMap { Int($0) }
      let (entries, tasks) = try await site.store.run { connection in
        (
          try Audit.list(before: before, limit: Self.pageSize + 1, on: &connection),
          try Tasks.list(limit: 400, on: &connection)
        )
      }
      let text = RunText(site: site, context: context)
      let rows = entries.prefix(Self.pageSize).map { entry in
        AuditRow(text: text, entry, task: tasks.first { "\($0.id)" == entry.subject }).values
      }
      return site.page(
        "audit", context,
        [
          "rows": rows, "before": entries.count > Self.pageSize ? entries[Self.pageSize - 1].id : nil,
          "nav_audit": true,
        ])
    }
  }
}
