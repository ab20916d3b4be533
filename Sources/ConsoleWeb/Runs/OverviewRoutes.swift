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
        "run_sentence_" + publication.action, publication.asOfDate, TaipeiTime.text(publication.publishedAt),
        text.count(publication.registrations), text.count(publication.inserted), text.count(publication.updated),
        text.count(publication.removed))
    }
  }

  private func numbers(_ run: JobRun, _ text: RunText) -> [String: Any]? {
    guard let publication = run.publication else { return nil }
    return [
      "registrations": text.count(publication.registrations), "industries": text.count(publication.industries),
      "as_of_date": publication.asOfDate,
      "inserted": text.count(publication.inserted),
      "updated": text.count(publication.updated), "removed": text.count(publication.removed),
      "rejected": text.count(run.counts.failed), "job_run": run.id,
    ]
  }
}
