import ConsoleQueries
import ConsoleStore
import Hummingbird

/// Rollback to an earlier snapshot: the preview page, and the form that queues the task.
struct RollbackRoutes {
  let site: Site
  /// Returns the names of the snapshots in the spool; nil if they are unknown.
  let snapshots: @Sendable () -> [String]?

  func add(to router: Router<ConsoleContext>) {
    router.get("/rollback") { _, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      return site.page("run-rollback", context, values(try await preview(context), context))
    }
    router.post("/rollback") { _, context in
      // The task is queued only if the preview is still what the page showed.
      guard let preview = try await preview(context), context.form["snapshot"] == preview.target.snapshot,
        context.form["publication"] == "\(preview.now.publication)"
      else { throw Problem(.conflict, "run_problem_changed") }
      let id = try await RunActions.start(
        .rollback, [preview.target.snapshot], "registry.rollback", publication: preview.now.publication, site, context)
      return site.redirect(to: "/tasks/\(id)")
    }
  }

  private func preview(_ context: ConsoleContext) async throws -> RollbackPreview? {
    let inSpool = snapshots()
    return try await site.read(context) { try RollbackPreview.read(&$0, inSpool: inSpool) }
  }

  private func values(_ preview: RollbackPreview?, _ context: ConsoleContext) -> [String: Any?] {
    guard let preview else { return ["nav_runs": true] }
    let text = RunText(site: site, context: context)
    func state(_ state: RollbackPreview.State) -> [String: Any] {
      [
        "snapshot": state.snapshot, "as_of_date": state.sourceDay, "published_at": TaipeiTime.text(state.publishedAt),
        "action": text("run_action_" + state.action), "registrations": text.count(state.registrations),
        "job_run": state.jobRunID,
      ]
    }
    return [
      "now": state(preview.now), "target": state(preview.target),
      "after": text.count(preview.registrationsAfter),
      "undone": preview.undone.map { load in
        ["label": text("run_rollback_load", load.asOfDate ?? "–", "\(load.jobRunID)"), "run": "\(load.jobRunID)"]
      },
      "publication": preview.now.publication,
      "effect": preview.effect.map { effect in
        [
          "inserted": text.count(effect.inserted), "updated": text.count(effect.updated),
          "removed": text.count(effect.removed),
        ]
      },
      "nav_runs": true,
    ]
  }
}
