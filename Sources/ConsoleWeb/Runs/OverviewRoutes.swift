import ConsoleQueries
import Foundation
import Hummingbird

/// The first page: how things stand in one sentence, the registry's numbers, and what is to be done.
struct OverviewRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/") { _, context in
      let overview = try await Overview.read(site, context)
      let text = RunText(site: site, context: context)
      let alerts = OverviewAlerts(overview: overview, text: text, now: Date()).all
      let values = JobRunValues(text: text)
      return site.page(
        "run-overview", context,
        [
          "alerts": alerts, "is_well": alerts.isEmpty, "sentence": sentence(overview, text),
          "numbers": overview.published.flatMap { numbers($0, text) },
          "tasks": overview.open.map { TaskRow.values($0, site, context) }, "has_tasks": !overview.open.isEmpty,
          "runs": overview.runs.map(values.row), "has_runs": !overview.runs.isEmpty,
          "may_roll_back": overview.published != nil, "nav_overview": true,
        ])
    }
  }

  /// What became of the newest run.
  private func sentence(_ overview: Overview, _ text: RunText) -> String? {
    guard let run = overview.runs.first else { return nil }
    switch run.status {
    case .running where !run.isSilent: return text("run_sentence_running", TaipeiTime.text(run.startedAt))
    case .running, .failed:
      guard let standing = overview.published?.publication else { return text("run_sentence_never") }
      return text("run_sentence_failed", TaipeiTime.text(run.startedAt), standing.asOfDate)
    case .success, .partial:
      guard let publication = run.publication else { return nil }
      return text(
        "run_sentence_published", publication.asOfDate, TaipeiTime.text(publication.publishedAt),
        text.count(publication.registrations), text.count(publication.inserted), text.count(publication.updated),
        text.count(publication.removed))
    }
  }

  private func numbers(_ run: JobRun, _ text: RunText) -> [String: Any]? {
    guard let publication = run.publication else { return nil }
    let kinds = publication.changes.kinds
    return [
      "registrations": text.count(publication.registrations), "industries": text.count(publication.industries),
      "as_of_date": publication.asOfDate,
      "added": text.count(kinds["added", default: 0] + kinds["reappeared", default: 0]),
      "changed": text.count(kinds["changed", default: 0]), "removed": text.count(kinds["removed", default: 0]),
      "rejected": text.count(run.counts.failed + run.counts.duplicated), "job_run": run.id,
    ]
  }
}
