import ConsoleQueries
import ConsoleStore
import HTTPTypes
import Hummingbird

/// A load of what a rollback undid: the preview page, and the form that queues the task.
struct ReloadRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/runs/:id/reload") { _, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      return page(try await find(context), context)
    }
    router.post("/runs/:id/reload") { _, context in
      let found = try await find(context)
      guard let preview = found.preview else { throw Problem(.conflict, "run_reload_none") }
      // The task is queued only if the preview is still what the page showed.
      guard context.form["publication"] == "\(preview.now.publication)" else {
        return page(found, context, problem: "run_reload_changed", status: .conflict)
      }
      var arguments = ["--snapshot", preview.target.snapshot]
      // Data that was refused would be refused again. The reason is that of the operator who loads it now.
      if !found.refusals.isEmpty {
        guard let reason = RunActions.reason(context.form["reason"]) else {
          return page(found, context, reasonProblem: "run_problem_reason", status: .unprocessableContent)
        }
        arguments.append(AcceptReason.option(reason, by: context.session?.account ?? ""))
      }
      // If something else is published before the run begins, the run is not started.
      let id = try await RunActions.start(
        .load, arguments, "snapshot.reload", publication: preview.now.publication, site, context)
      return site.redirect(to: "/tasks/\(id)")
    }
  }

  /// What a load of the run's data would change.
  private struct Found {
    /// Nil if the data cannot be loaded again.
    var preview: RollbackPreview?
    /// Why the data was refused, if it was accepted.
    var refusals: [String] = []
  }

  private func find(_ context: ConsoleContext) async throws -> Found {
    guard let details = try await RunDetails.read(named: context.parameters.get("id") ?? "", site, context) else {
      throw Problem(.notFound, "problem_not_found")
    }
    guard let snapshot = details.undoneSnapshot, site.settings.isTransformed(snapshot),
      let load = details.loads.jobRuns.first
    else { return Found() }
    let preview = try await site.read(context) { try RollbackPreview.read(&$0, reloading: load.id) }
    return Found(preview: preview, refusals: load.publication?.refusals ?? [])
  }

  /// - Parameters:
  ///   - problem: the key of what keeps the form from being carried out; nil if nothing does.
  ///   - reasonProblem: the key of what is wrong with the reason.
  private func page(
    _ found: Found, _ context: ConsoleContext, problem: String? = nil, reasonProblem: String? = nil,
    status: HTTPResponse.Status = .ok
  ) -> Response {
    let text = RunText(site: site, context: context)
    let values: [String: Any?] = [
      "problem": problem.map { text($0) }, "refusals": text.reasons(found.refusals),
      "needs_reason": !found.refusals.isEmpty, "problem_reason": reasonProblem.map { text($0) },
      "typed_reason": context.form["reason"],
    ]
    let run = "/runs/\(context.parameters.get("id") ?? "")"
    let preview = PreviewPage(text: text, action: "run_reload", path: run + "/reload", cancelPath: run)
      .values(found.preview)
    return site.page("run-preview", context, preview.merging(values) { $1 }, status: status)
  }
}
