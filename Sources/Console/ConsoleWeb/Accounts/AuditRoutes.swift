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
      let rows = entries.prefix(Self.pageSize).map { entry -> [String: Any] in
        var row: [String: Any] = [
          "at": TaipeiTime.text(entry.at), "action": entry.action, "account": entry.account ?? "–",
          "address": entry.address ?? "–", "subject": entry.subject ?? "",
        ]
        if entry.detail != "{}" { row["detail"] = entry.detail }
        return row
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
