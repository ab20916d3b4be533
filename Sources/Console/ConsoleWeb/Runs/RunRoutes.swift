import ConsoleQueries
import ConsoleStore
import Hummingbird
import NIOCore
import Postgres
import Support

/// The list of runs, the page of each run, and its events while it is under way.
struct RunRoutes {
  let site: Site
  private static let pageSize = 50

  func add(to router: Router<ConsoleContext>) {
    router.get("/runs") { request, context in
      let query = try QueryFields(request)
      if let before = query.values["before"].flatMap({ Int($0) }) {
        return site.page("runs", context, try await loads(before: before, context))
      }
      let page = query.values["page"].flatMap { Int($0) } ?? 1
      return site.page("runs", context, try await runs(RunFilter(query.values), page: page, context))
    }
    router.get("/runs/:id") { _, context in
      let id = context.parameters.get("id") ?? ""
      return try page(try await RunDetails.read(named: id, site, context), context, path: "/runs/\(id)")
    }
    // The list of tasks is now part of the list of runs.
    router.get("/tasks") { _, _ in site.redirect(to: "/runs") }
    router.get("/tasks/:id") { _, context in
      let id = try site.taskID(context)
      return try page(
        try await RunDetails.read(task: id, site)?.withLoads(site, context), context, path: "/tasks/\(id)")
    }
    router.get("/tasks/:id/events") { _, context in
      let task = try site.taskID(context)
      guard try await site.store.run({ try Tasks.find(task, on: &$0) }) != nil else {
        throw Problem(.notFound, "problem_not_found")
      }
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
          .init("X-Accel-Buffering") ?? .via: "no",
        ],
        body: .init { writer in try await TaskEvents(site: site, context: context, task: task).send(to: &writer) })
    }
  }

  /// Returns the page of a run.
  ///
  /// - Parameters:
  ///   - path: the page's address, to which its forms are sent.
  ///   - problem: what is wrong with the reason that the operator has entered; nil if none was sent.
  func page(
    _ details: RunDetails?, _ context: ConsoleContext, path: String, problem: String? = nil
  ) throws -> Response {
    guard let details else { throw Problem(.notFound, "problem_not_found") }
    let page = RunPage(text: RunText(site: site, context: context), details)
    let values = page.values().merging(page.progress()) { $1 } as [String: Any?]
    let form: [String: Any?] = [
      "problem_reason": problem, "typed_reason": problem == nil ? nil : context.form["reason"],
    ]
    return site.page(
      "run", context, values.merging(actions(page, path: path)) { $1 }.merging(form) { $1 },
      status: problem == nil ? .ok : .unprocessableContent)
  }

  private func actions(_ page: RunPage, path: String) -> [String: Any?] {
    let (details, text) = (page.details, page.text)
    let stage = details.failedStage.flatMap {
      $0 == details.task?.kind ? nil : text("run_retry_stage", text.kind($0.rawValue))
    }
    let mayRetry = details.loads.acceptances.allowRepeating(page.run)
    let isRefused = page.run.outcome == .refused
    let undone = details.loads.undoneBy.map { text("run_undone_by", "\($0)") }
    return [
      "undone_text": undone,
      "may_stop": details.task?.mayBeStopped ?? false, "may_retry": mayRetry, "retry_stage": mayRetry ? stage : nil,
      "reload_run": details.undoneSnapshot.flatMap {
        site.settings.isTransformed($0) ? details.loads.jobRuns.first?.id : nil
      },
      "retry_hint": mayRetry && isRefused ? text("run_again_hint") : nil, "nav_runs": true,
    ].merging(
      site.acceptance(of: details.openRefusal, path: path + "/accept")
    ) { $1 }
  }

  // MARK: Lists

  /// Returns the values of a list page: all known runs.
  private func runs(_ filter: RunFilter, page: Int, _ context: ConsoleContext) async throws -> [String: Any?] {
    let known = try await RunList.read(site, context)
    let all = known.runs.filter(filter.matches)
    let page = max(1, min(page, (all.count + Self.pageSize - 1) / Self.pageSize))
    let shown = all.dropFirst((page - 1) * Self.pageSize).prefix(Self.pageSize)
    let isLast = page * Self.pageSize >= all.count
    let text = RunText(site: site, context: context)
    func path(_ page: Int) -> String { QueryFields.path("/runs", filter.parameters + [("page", "\(page)")]) }
    return [
      "entries": shown.map(RunValues(text: text, undone: known.undone, acceptances: known.acceptances).row),
      "has_entries": !shown.isEmpty,
      "is_runs": true,
      "is_changing": known.runs.contains { !$0.outcome.isOver },
      "older_path": isLast ? nil : path(page + 1), "newer_path": page > 1 ? path(page - 1) : nil,
      "older_loads": isLast && filter.isEmpty ? known.olderLoads : nil,
      "none": text(filter.isEmpty ? "run_none" : "run_none_found"),
      "may_roll_back": known.isPublished, "nav_runs": true,
    ].merging(filter.form(text)) { $1 }
  }

  /// Returns the values of a list of older loads, which only the database has.
  private func loads(before: Int, _ context: ConsoleContext) async throws -> [String: Any?] {
    let page = try await site.read(context) { try JobRuns.page(&$0, before: before) }
    let text = RunText(site: site, context: context)
    return [
      "entries": page.runs.map { RunValues(text: text).row(PipelineRun(jobRun: $0)) },
      "has_entries": !page.runs.isEmpty, "older_loads": page.next, "is_loads": true, "none": text("run_none"),
      "nav_runs": true,
    ]
  }
}

extension ConsoleTask {
  /// Whether the task may be repeated as it is. A rollback needs a new preview, and accepting a refused snapshot needs
  /// a reason from this operator.
  var mayBeRepeated: Bool {
    (state == .failed || state == .stopped) && kind != .rollback && !arguments.contains { $0.hasPrefix("--accept") }
  }

  var mayBeStopped: Bool { !state.isOver && stopAskedBy == nil }
}

extension SnapshotRefusal {
  /// Whether the snapshot may be accepted: only if it is newer than the published one.
  ///
  /// - Parameter published: the snapshot that the registry has.
  func mayBeAccepted(published: String?) -> Bool { isAcceptable && published.map { snapshot > $0 } ?? true }
}

extension Site {
  /// Returns the number of the task that the path names.
  func taskID(_ context: ConsoleContext) throws -> Int {
    guard let id = context.parameters.get("id", as: Int.self) else { throw Problem(.notFound, "problem_not_found") }
    return id
  }

  /// The values of the form with which an operator accepts a refused snapshot.
  ///
  /// - Parameters:
  ///   - refusal: nil if it cannot be accepted now.
  ///   - path: where the form is sent.
  func acceptance(of refusal: SnapshotRefusal?, path: String) -> [String: Any?] {
    guard let refusal else { return [:] }
    guard settings.isTransformed(refusal.snapshot) else {
      // Only a command line can make removed files again, if the snapshot is still there.
      let isThere = settings.snapshots()?.contains(refusal.snapshot) ?? false
      return isThere
        ? ["accept_command": "\(PipelineCommand.script) transform --snapshot \(refusal.snapshot)"]
        : ["accept_gone": true]
    }
    return ["may_accept": true, "accept_path": path]
  }
}
