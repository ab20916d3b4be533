import ConsoleQueries
import ConsoleStore
import Hummingbird
import Postgres
import Support

/// The list of runs, and the pages of runs without a task.
struct JobRunRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/runs") { request, context in
      let form = FormFields(encoded: request.uri.query ?? "") ?? FormFields()
      if let before = form["before"].flatMap({ Int($0) }) {
        return site.page("runs", context, try await loads(before: before, context))
      }
      return site.page("runs", context, try await runs(page: form["page"].flatMap { Int($0) } ?? 1, context))
    }
    router.get("/runs/:id") { _, context in
      if let name = context.parameters.get("id"), Int(name) == nil { return try await record(name, context) }
      guard let id = context.parameters.get("id", as: Int.self) else { throw Problem(.notFound, "problem_not_found") }
      let found = try await site.read(context) { connection -> Found? in
        guard let run = try JobRuns.run(&connection, id: id) else { return nil }
        return Found(
          run: run, progress: try JobProgress.read(&connection, of: id),
          findings: try Findings.counts(&connection, of: id), newest: try JobRuns.newestSnapshot(&connection))
      }
      guard let found else { throw Problem(.notFound, "problem_not_found") }
      let task = try await site.store.run { connection in
        try found.run.runID.flatMap { try Tasks.find(runID: $0, on: &connection) }
      }
      return site.page("run", context, values(found, task, context))
    }
  }

  private struct Found {
    let run: JobRunSummary
    let progress: JobProgress?
    let findings: [Findings.Count]
    let newest: String?
  }

  private static let pageSize = 50
  /// How many of each source are read: as many as the spool keeps records.
  private static let depth = 400

  /// Returns the values of a list page: all known runs, and the waiting tasks.
  private func runs(page: Int, _ context: ConsoleContext) async throws -> [String: Any?] {
    let jobRuns = try await site.readRegistry(context) { connection in
      (page: try JobRuns.page(&connection, limit: Self.depth), isPublished: try JobRuns.published(&connection) != nil)
    }
    let (open, tasks) = try await site.store.run { connection in
      (
        try Tasks.list(states: [.queued, .running], limit: 50, on: &connection),
        try Tasks.list(limit: Self.depth, on: &connection)
      )
    }
    let all = RunList.merge(
      records: try await site.settings.runs(), tasks: tasks, jobRuns: jobRuns?.page.runs ?? [])
    let page = max(1, min(page, (all.count + Self.pageSize - 1) / Self.pageSize))
    let shown = all.dropFirst((page - 1) * Self.pageSize).prefix(Self.pageSize)
    let isLast = page * Self.pageSize >= all.count
    let waiting = open.filter(\.isNoRunYet)
    let values = RunValues(text: RunText(site: site, context: context))
    return [
      "entries": shown.map(values.row), "has_entries": !shown.isEmpty, "is_first": page == 1, "is_runs": true,
      "older_page": isLast ? nil : page + 1, "newer_page": page > 1 ? page - 1 : nil,
      "older_loads": isLast ? jobRuns?.page.next : nil, "tasks": waiting.map { TaskRow.values($0, site, context) },
      "has_tasks": !waiting.isEmpty, "may_roll_back": jobRuns?.isPublished ?? false, "nav_runs": true,
    ]
  }

  /// Returns the values of a list of older loads, which only the database has.
  private func loads(before: Int, _ context: ConsoleContext) async throws -> [String: Any?] {
    let page = try await site.read(context) { try JobRuns.page(&$0, before: before) }
    let values = JobRunValues(text: RunText(site: site, context: context))
    return [
      "runs": page.runs.map(values.row), "has_runs": !page.runs.isEmpty, "older_loads": page.next, "is_loads": true,
      "nav_runs": true,
    ]
  }

  /// Returns the page of a run by its identifier. A run that the console started is redirected to its task.
  private func record(_ runID: String, _ context: ConsoleContext) async throws -> Response {
    if let task = try await site.store.run({ try Tasks.find(runID: runID, on: &$0) }) {
      return site.redirect(to: "/tasks/\(task.id)")
    }
    guard let summary = try await site.settings.runs().first(where: { $0.runID == runID }) else {
      throw Problem(.notFound, "problem_not_found")
    }
    let loads = try await site.readRegistry(context) { connection in
      LoadsOfRun(
        runs: try JobRuns.runs(&connection, runID: runID), newest: try JobRuns.newestSnapshot(&connection))
    }
    let text = RunText(site: site, context: context)
    let run = PipelineRun(summary: summary, jobRun: loads?.runs.first)
    let jobRuns = loads?.runs ?? []
    let more: [String: Any?] = [
      "runs": jobRuns.map(JobRunValues(text: text).row), "has_runs": !jobRuns.isEmpty,
      "nav_runs": true,
    ]
    let acceptance = site.acceptance(
      of: run.isDryRun ? nil : summary.refusal, newest: loads?.newest, path: "/runs/\(runID)/accept")
    return site.page(
      "run-record", context,
      (RunValues(text: text).page(run) as [String: Any?]).merging(more) { $1 }.merging(acceptance) { $1 })
  }

  private func values(_ found: Found, _ task: ConsoleTask?, _ context: ConsoleContext) -> [String: Any?] {
    let text = RunText(site: site, context: context)
    let findings = found.findings.map { count -> [String: Any] in
      [
        "code": count.code, "meaning": text.named("finding_code_", count.code), "count": text.count(count.count),
        "severity": count.severity, "severity_text": text("finding_" + count.severity),
      ]
    }
    let acceptance = site.acceptance(
      of: found.run.refusal, newest: found.newest, path: "/runs/\(found.run.id)/accept")
    let more: [String: Any?] = [
      "findings": findings, "has_findings": !findings.isEmpty, "findings_none": text.noFindings(of: found.run),
      "task_id": task?.id, "nav_runs": true,
    ]
    let values = JobRunValues(text: text).page(found.run, found.progress, by: task?.askedBy)
    return (values as [String: Any?]).merging(more) { $1 }.merging(acceptance) { $1 }
  }
}

extension SnapshotRefusal {
  /// Whether the snapshot may be accepted: only if it is newer than every published one.
  ///
  /// - Parameter newest: the newest snapshot that was ever published.
  func mayBeAccepted(newest: String?) -> Bool { isAcceptable && newest.map { snapshot > $0 } ?? true }
}

extension Site {
  /// The values of the form with which an operator accepts a refused snapshot.
  ///
  /// - Parameters:
  ///   - newest: the newest snapshot that was ever published.
  ///   - path: where the form is sent.
  func acceptance(of refusal: SnapshotRefusal?, newest: String?, path: String) -> [String: Any?] {
    guard let refusal, refusal.mayBeAccepted(newest: newest) else { return [:] }
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

/// The job runs of one run of the pipeline.
struct LoadsOfRun: Sendable {
  var runs: [JobRunSummary] = []
  /// The newest snapshot that was ever published.
  var newest: String?
}
