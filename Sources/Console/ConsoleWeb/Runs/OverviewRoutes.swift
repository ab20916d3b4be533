import ConsoleQueries
import Foundation
import Hummingbird

/// The overview: the registry's state in one sentence, its numbers, and the alerts.
struct OverviewRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/") { _, context in
      let overview = try await Overview.read(site, context)
      let text = RunText(site: site, context: context)
      // A run would be refused again, so the button to accept comes first.
      let accept = text("run_look_accept")
      let alerts = OverviewAlerts(overview: overview, text: text, now: Date()).all.map { alert in
        alert.merging(["alert_is_accept": alert["alert_link"] as? String == accept]) { $1 }
      }
      let mayAccept = alerts.contains { $0["alert_link"] as? String == accept }
      let undone = Set(overview.acceptances.undone.keys)
      let values = RunValues(text: text, undone: undone, acceptances: overview.acceptances)
      return site.page(
        "run-overview", context,
        [
          "alerts": alerts, "may_accept_first": mayAccept, "is_well": alerts.isEmpty,
          "sentence": sentence(overview, text),
          "aside": aside(overview, text), "waiting": waiting(overview, text),
          "numbers": overview.published.flatMap { numbers($0, overview.source ?? $0, text) },
          "entries": overview.runs.prefix(5).map(values.row), "has_entries": !overview.runs.isEmpty,
          "is_changing": overview.latest.running != nil || overview.runs.prefix(5).contains { !$0.outcome.isOver },
          "may_roll_back": overview.published != nil, "nav_overview": true,
        ])
    }
  }

  /// Returns the sentence on the newest run that counts.
  private func sentence(_ overview: Overview, _ text: RunText) -> String? {
    let latest = overview.latest
    if let run = latest.running, !(run.jobRun?.isSilent ?? false) {
      return text("run_sentence_running", TaipeiTime.text(run.startedAt))
    }
    // The alert of a failure says which data the registry still has. A later rollback or correction is what it shows.
    guard let publication = overview.published?.publication, !overview.latest.endsWithFailure else { return nil }
    if let run = latest.success, run.outcome == .unchanged, run.checkedSource {
      return text(
        run.isHeldBack ? "run_sentence_held_back" : "run_sentence_unchanged", text.time(run.endedAt) ?? "",
        publication.sourceDay,
        text.count(publication.registrations))
    }
    guard !publication.refusals.isEmpty else { return text.sentence(publication) }
    let account = overview.runs.first { $0.jobRun?.id == overview.published?.id }?.task?.askedBy
    let (acceptor, reason) = publication.acceptance(by: account)
    return text.sentence(publication) + text("run_sentence_accepted", acceptor ?? "–", reason ?? "–")
  }

  /// Returns which dry run is under way, and how many runs wait behind it or another one.
  private func waiting(_ overview: Overview, _ text: RunText) -> String? {
    let dryRun = overview.runs.first { $0.isDryRun && $0.outcome == .running }
    let queued = overview.runs.compactMap { $0.outcome == .queued ? $0.task : nil }
    let retries = queued.filter { $0.isRetry(waitingAt: Date()) }
    let count = queued.count - retries.count
    let parts =
      [
        dryRun.map { text("run_sentence_dry_run", TaipeiTime.text($0.startedAt)) },
        count > 0 ? text("run_sentence_waiting", "\(count)") : nil,
      ].compactMap(\.self) + retries.map { text.waiting($0, now: Date()) }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  /// Returns the note on a failed dry run. It does not affect the registry, so it is in small print.
  private func aside(_ overview: Overview, _ text: RunText) -> [String: Any]? {
    guard let run = overview.latest.failedDryRun else { return nil }
    let values: [String: Any?] = [
      "aside_text": text(
        run.refusal == nil ? "run_aside_failed" : "run_aside_refused", text.time(run.endedAt ?? run.startedAt) ?? "",
        RunValues(text: text).by(run)),
      "aside_path": run.path,
    ]
    return values.present
  }

  /// - Parameter source: the load or rollback whose file the registry holds.
  private func numbers(_ run: JobRunSummary, _ source: JobRunSummary, _ text: RunText) -> [String: Any]? {
    guard let publication = run.publication else { return nil }
    let isLoad = publication.action == "load"
    return [
      "changes_title": isLoad
        ? text("run_last_changes") : text("run_last_changes_of", text("run_action_" + publication.action)),
      "changes_path": RunValues.changesPath(of: run) ?? "/changes",
      "registrations": text.count(publication.registrations), "industries": text.count(publication.industries),
      "as_of_date": publication.sourceDay,
      "inserted": text.count(publication.inserted),
      "updated": text.count(publication.updated), "removed": text.count(publication.removed),
      "rejected": text.count(source.counts.failed),
      "duplicated": source.counts.duplicated > 0
        ? text("run_duplicates_too", text.count(source.counts.duplicated)) : "",
      "source_run": source.id, "job_run": run.id,
    ]
  }
}
