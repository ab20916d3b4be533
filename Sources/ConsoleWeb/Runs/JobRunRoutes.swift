import ConsoleDesk
import ConsoleQueries
import Hummingbird
import Postgres

/// The runs of load: the list, and a page for each.
struct JobRunRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/runs") { request, context in
      let before = FormFields(encoded: request.uri.query ?? "")?["before"].flatMap { Int($0) }
      let page = try await site.read(context) { try JobRuns.page(&$0, before: before) }
      let tasks = before == nil ? try await site.desk.run { try Self.tasks(&$0) } : []
      let values = JobRunValues(text: RunText(site: site, context: context))
      return site.page(
        "runs", context,
        [
          "runs": page.runs.map(values.row), "has_runs": !page.runs.isEmpty, "next": page.next,
          "is_first": before == nil, "tasks": tasks.map { TaskRow.values($0, site, context) },
          "has_tasks": !tasks.isEmpty, "nav_runs": true,
        ])
    }
    router.get("/runs/:id") { _, context in
      guard let id = context.parameters.get("id", as: Int.self) else { throw Problem(.notFound, "problem_not_found") }
      let found = try await site.read(context) { connection -> Found? in
        guard let run = try JobRuns.run(&connection, id: id) else { return nil }
        return Found(
          run: run, progress: try JobProgress.read(&connection, of: id),
          findings: try Findings.counts(&connection, of: id), newest: try JobRuns.newestSnapshot(&connection))
      }
      guard let found else { throw Problem(.notFound, "problem_not_found") }
      let task = try await site.desk.run { connection in
        try found.run.runID.flatMap { try Tasks.find(runID: $0, on: &connection) }
      }
      return site.page("run", context, values(found, task, context))
    }
  }

  private struct Found {
    let run: JobRun
    let progress: JobProgress?
    let findings: [Findings.Count]
    let newest: String?
  }

  /// What waits and what runs, and the latest that are over.
  private static func tasks(_ connection: inout Connection) throws -> [ConsoleTask] {
    let open = try Tasks.list(states: [.queued, .running], limit: 50, on: &connection)
    let over = try Tasks.list(states: [.succeeded, .failed, .stopped], limit: 5, on: &connection)
    return open + over
  }

  private func values(_ found: Found, _ task: ConsoleTask?, _ context: ConsoleContext) -> [String: Any?] {
    let text = RunText(site: site, context: context)
    let findings = found.findings.map { count -> [String: Any] in
      [
        "code": count.code, "meaning": text.named("finding_code_", count.code), "count": text.count(count.count),
        "severity": count.severity, "severity_text": text("finding_" + count.severity),
      ]
    }
    let acceptable = found.run.refusal.map { $0.mayBeAccepted(newest: found.newest) } ?? false
    let more: [String: Any?] = [
      "findings": findings, "has_findings": !findings.isEmpty, "task_id": task?.id, "may_accept": acceptable,
      "accept_path": "/runs/\(found.run.id)/accept", "nav_runs": true,
    ]
    return (JobRunValues(text: text).page(found.run, found.progress) as [String: Any?]).merging(more) { $1 }
  }
}

extension SnapshotRefusal {
  /// Whether accepting it would bring the registry forward: one that is older than what was published would not.
  ///
  /// - Parameter newest: the newest snapshot that was ever published.
  func mayBeAccepted(newest: String?) -> Bool { isAcceptable && newest.map { snapshot > $0 } ?? true }
}
