import ConsoleQueries
import ConsoleStore
import Hummingbird
import NIOCore

/// The runs that the console started: the list, the page of each, and its events while it is under way.
struct TaskRoutes {
  let site: Site
  private static let pageSize = 50

  func add(to router: Router<ConsoleContext>) {
    router.get("/tasks") { request, context in
      let before = FormFields(encoded: request.uri.query ?? "")?["before"].flatMap { Int($0) }
      let found = try await site.store.run { try Tasks.list(before: before, limit: Self.pageSize + 1, on: &$0) }
      let tasks = found.prefix(Self.pageSize)
      return site.page(
        "run-tasks", context,
        [
          "tasks": tasks.map { TaskRow.values($0, site, context) }, "has_tasks": !tasks.isEmpty,
          "next": found.count > Self.pageSize ? tasks.last?.id : nil, "nav_runs": true,
        ])
    }
    router.get("/tasks/:id") { _, context in
      let page = try await page(context)
      let jobRuns = try await jobRuns(page.task, context)
      let values = page.page().merging(page.progress()) { $1 }
      return site.page("run-task", context, (values as [String: Any?]).merging(actions(page, jobRuns, context)) { $1 })
    }
    router.get("/tasks/:id/events") { _, context in
      let task = try await page(context).task.id
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
          .init("X-Accel-Buffering") ?? .via: "no",
        ],
        body: .init { writer in try await TaskEvents(site: site, context: context, task: task).send(to: &writer) })
    }
  }

  private func page(_ context: ConsoleContext) async throws -> TaskPage {
    guard let id = context.parameters.get("id", as: Int.self),
      let page = try await TaskPage.read(id, site, context)
    else { throw Problem(.notFound, "problem_not_found") }
    return page
  }

  /// Returns the task's job runs; none if there is no registry.
  private func jobRuns(_ task: ConsoleTask, _ context: ConsoleContext) async throws -> LoadsOfRun {
    try await site.readRegistry(context) { connection in
      LoadsOfRun(
        runs: try task.runID.map { try JobRuns.runs(&connection, runID: $0) } ?? [],
        newest: try JobRuns.newestSnapshot(&connection))
    } ?? LoadsOfRun()
  }

  private func actions(_ page: TaskPage, _ found: LoadsOfRun, _ context: ConsoleContext) -> [String: Any?] {
    let task = page.task
    let values = JobRunValues(text: RunText(site: site, context: context))
    let hasFailed = task.state == .failed || task.state == .stopped
    return [
      "runs": found.runs.map(values.row), "has_runs": !found.runs.isEmpty,
      "may_stop": !task.state.isOver && task.stopAskedBy == nil, "may_retry": hasFailed && task.mayBeRepeated,
      "retry_stage": !task.mayBeRepeated
        ? nil
        : page.failedStage.flatMap { $0 == task.kind.rawValue ? nil : RunText(site: site, context: context).kind($0) },
      "nav_runs": true,
    ].merging(site.acceptance(of: page.refusal, newest: found.newest, path: "/tasks/\(task.id)/accept")) { $1 }
  }
}

extension ConsoleTask {
  /// Whether the task may be repeated as it is. A rollback needs a new preview, and accepting a refused snapshot needs
  /// a reason from this operator.
  var mayBeRepeated: Bool { kind != .rollback && !arguments.contains { $0.hasPrefix("--accept") } }
}

extension TaskPage {
  /// Reads a task.
  ///
  /// - Returns: nil if it does not exist.
  static func read(_ id: Int, _ site: Site, _ context: ConsoleContext) async throws -> TaskPage? {
    let found = try await site.store.run { connection in
      try Tasks.find(id, on: &connection).map { ($0, try Tasks.output(id, on: &connection)) }
    }
    guard let (task, output) = found else { return nil }
    let page = TaskPage(RunText(site: site, context: context), task, summary: output.summary, log: output.log)
    // A run that ended outside its stages printed no summary. The spool's record has one.
    guard page.summary == nil, task.state.isOver, let runID = task.runID,
      let record = try await site.settings.runs().first(where: { $0.runID == runID })
    else { return page }
    return TaskPage(page.text, task, record: record, log: page.log)
  }
}

/// The values of a task for lists.
enum TaskRow {
  static func values(_ task: ConsoleTask, _ site: Site, _ context: ConsoleContext) -> [String: Any] {
    var row: [String: Any] = [
      "id": task.id, "kind": RunText(site: site, context: context).kind(task.kind.rawValue),
      "state": task.state.rawValue, "state_text": site.text("state_" + task.state.rawValue, context),
      "by": task.askedBy ?? task.schedule ?? "–", "is_queued": task.state == .queued,
      "is_running": task.state == .running,
      "may_stop": !task.state.isOver && context.isOperator,
    ]
    row["attempt"] =
      task.attempt > 1 ? site.texts.text("task_attempt_number", context.language, ["\(task.attempt)"]) : nil
    row["queued_at"] = TaipeiTime.text(task.queuedAt)
    row["started_at"] = task.startedAt.map { TaipeiTime.text($0) }
    row["ended_at"] = task.endedAt.map { TaipeiTime.text($0) }
    row["exit_code"] = task.exitCode
    row["reason"] = task.reason.map { site.text("reason_" + $0.rawValue.replacing(" ", with: "_"), context) }
    return row
  }
}
