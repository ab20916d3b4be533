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
      let entries = try await site.store.run { try Audit.list(before: before, limit: Self.pageSize + 1, on: &$0) }
      let text = RunText(site: site, context: context)
      let rows = entries.prefix(Self.pageSize).map { AuditRow(text: text, $0).values }
      return site.page(
        "audit", context,
        [
          "rows": rows, "before": entries.count > Self.pageSize ? entries[Self.pageSize - 1].id : nil,
          "nav_audit": true,
        ])
    }
  }
}
