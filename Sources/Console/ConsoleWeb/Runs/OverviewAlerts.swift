import ConsoleQueries
import ConsoleStore
import Foundation

/// The alerts of the overview: what is wrong, and what to do about it.
struct OverviewAlerts {
  let overview: Overview
  let text: RunText
  let now: Date

  /// A registry that is older is reported as stale. The source is published daily.
  private static let staleDays = 3
  /// A task that has waited longer while none is running is reported: no worker is claiming tasks.
  private static let patienceSeconds: Int64 = 120

  /// The alerts, the most severe first.
  var all: [[String: Any]] { [empty, idle, failed, silent, unreconciled, stale, ahead].compactMap { $0 } }

  /// - Parameters:
  ///   - state: what the registry has now.
  ///   - link: the key of the text of the link to `path`.
  private func alert(
    _ title: String, detail: String? = nil, state: String? = nil, advice: String, path: String? = nil,
    link: String = "run_look_result", isBad: Bool = true, reasons: [String] = []
  ) -> [String: Any] {
    let values: [String: Any?] = [
      "alert_class": isBad ? "bad" : "warn", "alert_title": title, "alert_detail": detail, "alert_state": state,
      "alert_reasons": few(text.reasons(reasons)),
      "alert_advice": advice, "alert_path": path, "alert_link": text(link),
    ]
    return values.present
  }

  private var empty: [String: Any]? {
    guard overview.published == nil, overview.jobRuns.isEmpty, overview.latest.failure == nil else { return nil }
    return alert(text("run_alert_empty"), advice: text("run_alert_empty_do"), isBad: false)
  }

  private var idle: [String: Any]? {
    guard !overview.open.contains(where: { $0.state == .running }),
      let task = overview.open.last(where: { $0.attempt == 1 }), let queued = TaipeiTime.seconds(task.queuedAt),
      Int64(now.timeIntervalSince1970) - queued > Self.patienceSeconds
    else { return nil }
    return alert(
      text("run_alert_idle"), advice: text("run_alert_idle_do"), path: "/tasks/\(task.id)", link: "run_look_run")
  }

  private var failed: [String: Any]? {
    guard let run = overview.latest.failure, !isSilent(run) else { return nil }
    if run.outcome == .refused, let refusal = run.refusal { return refused(run, refusal) }
    let failure = RunFailure(text: text, run: run, log: overview.failedLog)
    let when = text.time(run.startedAt) ?? ""
    return alert(
      text("run_alert_failed", text.kind(run.command), when, RunValues(text: text).by(run)),
      detail: failure.shownMessage ?? (run.isKilled ? nil : failure.reason), state: stateAfterFailure,
      advice: failure.advice, path: run.path)
  }

  /// The alert for a refused run. An operator can accept its snapshot, unless no record of it is accepted.
  private func refused(_ run: PipelineRun, _ refusal: SnapshotRefusal) -> [String: Any] {
    if let alert = accepted(run, refusal) { return alert }
    let isOpen = refusal.mayBeAccepted(published: overview.acceptances.published)
    let isOperator = text.context.isOperator
    let title = text(
      isOpen ? "run_alert_refused" : "run_alert_refused_over", text.kind(run.command), text.time(run.startedAt) ?? "",
      RunValues(text: text).by(run))
    let advice =
      if isOpen {
        text(isOperator ? "run_alert_refused_do_operator" : "run_alert_refused_do")
      } else {
        text(refusal.isAcceptable ? "run_do_superseded" : "run_do_65_none")
      }
    let sameDay = sameDay(as: run)
    return alert(
      title, detail: sameDay ?? text("run_alert_not_published", text.data(of: run)),
      state: sameDay == nil ? stateAfterFailure : nil, advice: advice, path: run.path,
      link: isOpen && isOperator ? "run_look_accept" : "run_look_result", reasons: refusal.reasons)
  }

  /// The note on a refused run whose snapshot an operator has accepted, until that load has ended.
  private func accepted(_ run: PipelineRun, _ refusal: SnapshotRefusal) -> [String: Any]? {
    let load = overview.runs.first { !$0.outcome.isOver && $0.task?.acceptance?.snapshot == refusal.snapshot }
    let published = overview.acceptances.acceptance(of: run).flatMap { acceptance in
      overview.acceptances.undone[acceptance.jobRunID] == nil ? acceptance : nil
    }
    guard let path = load?.path ?? published.map({ "/runs/\($0.jobRunID)" }) else { return nil }
    return alert(
      text("run_alert_accepted", text.data(of: run), load?.task?.askedBy ?? published?.acceptedBy ?? "–"),
      advice: text(published == nil ? "run_alert_accepted_loading" : "run_alert_accepted_published"), path: path,
      link: "run_look_progress", isBad: false)
  }

  /// What the registry has, if that is other data of the same day as the refused data; else nil.
  private func sameDay(as run: PipelineRun) -> String? {
    guard overview.latest.endsWithFailure, staleAge == nil, let day = run.summary?.sourceDate ?? run.jobRun?.sourceDate,
      day == overview.published?.publication?.sourceDay, let source = overview.source
    else { return nil }
    return text("run_alert_same_day", day, "\(source.id)")
  }

  /// What the registry has since the failure, so that the failure and its effect are one alert; nil if something has
  /// changed the registry since, and its data is not old.
  private var stateAfterFailure: String? {
    guard let publication = overview.published?.publication else { return text("run_sentence_never") }
    if let (day, days) = staleAge, explainsAge { return text("run_alert_still_old", day, "\(days)") }
    return overview.latest.endsWithFailure ? text("run_alert_still", publication.sourceDay) : nil
  }

  /// Whether the failure is why the registry is old: it kept newer data from being published.
  private var explainsAge: Bool {
    ["run", "fetch", "transform", "load"].contains { $0 == overview.latest.failure?.command }
  }

  /// The alert for a load that is recorded as running but makes no progress.
  private var silent: [String: Any]? {
    let latest = overview.latest
    guard
      let run = latest.failure.map({ isSilent($0) ? $0 : nil }) ?? latest.running, let jobRun = run.jobRun,
      jobRun.isSilent
    else { return nil }
    return alert(
      text("run_alert_silent"), state: overview.latest.failure == nil ? nil : stateAfterFailure,
      advice: text("run_alert_silent_do"), path: "/runs/\(jobRun.id)", link: "run_look_run")
  }

  /// Whether the only source for the run is a load that makes no progress.
  private func isSilent(_ run: PipelineRun) -> Bool {
    run.summary == nil && run.task == nil && run.jobRun?.isSilent ?? false
  }

  private var unreconciled: [String: Any]? {
    guard let run = overview.jobRuns.prefix(5).first(where: { !$0.counts.reconcile }) else { return nil }
    return alert(text("run_alert_sums"), advice: text("run_alert_sums_do"), path: "/runs/\(run.id)")
  }

  private var stale: [String: Any]? {
    guard let (day, days) = staleAge, !explainsAge else { return nil }
    let isHeldBack = overview.latest.success?.isHeldBack ?? false
    return alert(
      text("run_alert_stale", day, "\(days)"),
      advice: text(isHeldBack ? "run_alert_stale_held_back" : "run_alert_stale_do"), isBad: false)
  }

  /// The alert for a future date: the source's clock is wrong, or an operator accepted the date. The registry's age is
  /// then unknown.
  private var ahead: [String: Any]? {
    guard let (day, days) = age, days < -1 else { return nil }
    return alert(text("run_alert_ahead", day), advice: text("run_alert_ahead_do"), isBad: false)
  }

  private var staleAge: (day: String, days: Int)? { age.flatMap { $0.days > Self.staleDays ? $0 : nil } }

  /// The newest date of a source with the published content, and its age in days in Taipei. A source may repeat its
  /// content with a newer date, which publishes nothing.
  private var age: (day: String, days: Int)? {
    let repeated = overview.latest.success.flatMap { run in
      run.outcome == .unchanged && !run.isHeldBack ? run.summary?.sourceDate : nil
    }
    guard let published = overview.published?.publication?.sourceDay,
      case let day = max(published, repeated ?? published),
      let since = TaipeiTime.seconds("\(day) 00:00:00")
    else { return nil }
    let seconds = Int64(now.timeIntervalSince1970) + 8 * 3600 - since
    return (day, Int((Double(seconds) / 86_400).rounded(.down)))
  }

  /// Returns the first three reasons; the run's page has them all.
  private func few(_ reasons: [String]) -> [String] {
    reasons.count <= 3 ? reasons : reasons.prefix(3) + [text("run_reasons_more", "\(reasons.count - 3)")]
  }
}
