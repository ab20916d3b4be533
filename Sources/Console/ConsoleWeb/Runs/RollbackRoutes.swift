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
      let preview = try await preview(context)
      let text = RunText(site: site, context: context)
      return site.page(
        "run-preview", context,
        PreviewPage(text: text, action: "run_rollback", path: "/rollback", cancelPath: "/runs").values(preview))
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
}

/// The page that shows what a rollback, or a load of what a rollback undid, will change.
struct PreviewPage {
  let text: RunText
  /// What the keys of its texts begin with.
  let action: String
  /// Where its form is sent.
  let path: String
  /// The page to which the user goes back without the action.
  let cancelPath: String

  /// - Parameter preview: nil if the action is not possible.
  func values(_ preview: RollbackPreview?) -> [String: Any?] {
    var values: [String: Any?] = [
      "heading": text(action), "form_path": path, "cancel_path": cancelPath, "nav_runs": true,
    ]
    guard let preview else {
      values["none"] = text(action + "_none")
      return values
    }
    for part in ["intro", "then", "effect", "inserted", "updated", "removed", "after", "do"] {
      values["text_" + part] = text(action + "_" + part)
    }
    values["now"] = state(preview.now)
    values["target"] = state(preview.target)
    values["registrations_after"] = text.count(preview.registrationsAfter)
    values["has_undone"] = !preview.undone.isEmpty
    values["undone"] = preview.undone.map { load in
      ["label": text("run_rollback_load", load.asOfDate ?? "–", "\(load.jobRunID)"), "run": "\(load.jobRunID)"]
    }
    values["publication"] = preview.now.publication
    values["effect"] = preview.effect.map { effect in
      [
        "inserted": text.count(effect.inserted), "updated": text.count(effect.updated),
        "removed": text.count(effect.removed),
      ]
    }
    return values
  }

  private func state(_ state: RollbackPreview.State) -> [String: Any] {
    [
      "snapshot": state.snapshot, "as_of_date": state.sourceDay, "published_at": TaipeiTime.text(state.publishedAt),
      "action": text("run_action_" + state.action), "registrations": text.count(state.registrations),
      "job_run": state.jobRunID,
    ]
  }
}
