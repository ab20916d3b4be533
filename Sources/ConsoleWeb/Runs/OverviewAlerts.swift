import ConsoleDesk
import ConsoleQueries
import Foundation

/// What is wrong, and what to do about it.
struct OverviewAlerts {
  let overview: Overview
  let text: RunText
  let now: Date

  /// A registry that has stood still for longer is pointed out: the source is published each day.
  private static let staleDays = 3
  /// A task that has waited for longer while nothing runs is not going to be taken.
  private static let patienceSeconds: Int64 = 120

  /// The gravest first.
  var all: [[String: Any]] { [empty, idle, failedTask, failedRun, silent, unreconciled, stale].compactMap { $0 } }

  private func alert(
    _ title: String, detail: String? = nil, advice: String, path: String? = nil, isBad: Bool = true,
    reasons: [String] = []
  ) -> [String: Any] {
    let values: [String: Any?] = [
      "alert_class": isBad ? "bad" : "warn", "alert_title": title, "alert_detail": detail,
      "alert_reasons": text.reasons(reasons),
      "alert_advice": advice, "alert_path": path,
    ]
    return values.present
  }

  private var empty: [String: Any]? {
    guard overview.published == nil, overview.runs.isEmpty else { return nil }
    return alert(text("run_alert_empty"), advice: text("run_alert_empty_do"), isBad: false)
  }

  private var idle: [String: Any]? {
    guard !overview.open.contains(where: { $0.state == .running }),
      let task = overview.open.last(where: { $0.attempt == 1 }), let queued = TaipeiTime.seconds(task.queuedAt),
      Int64(now.timeIntervalSince1970) - queued > Self.patienceSeconds
    else { return nil }
    return alert(text("run_alert_idle"), advice: text("run_alert_idle_do"), path: "/tasks/\(task.id)")
  }

  private var failedTask: [String: Any]? {
    guard let page = overview.ended, page.task.state == .failed, let failure = page.failure, !isMended(page.task) else {
      return nil
    }
    return alert(
      text("run_alert_failed", text("kind_" + page.task.kind.rawValue.replacing("-", with: "_")), ended(page.task)),
      detail: (failure["failure_message"] ?? failure["failure_reason"]) as? String,
      advice: TaskPage.advice(page.task, text), path: "/tasks/\(page.task.id)",
      reasons: Self.few(page.summary?.refusal?.reasons ?? []))
  }

  /// Whether a load went well since, such as one that was started by hand.
  private func isMended(_ task: ConsoleTask) -> Bool {
    guard let run = overview.runs.first, run.status == .success || run.status == .partial,
      let began = TaipeiTime.seconds(run.startedAt), let ended = task.endedAt.flatMap({ TaipeiTime.seconds($0) })
    else { return false }
    return began > ended
  }

  private func ended(_ task: ConsoleTask) -> String { text.time(task.endedAt) ?? "" }

  /// A run that the console did not start, or whose task was told of already.
  private var failedRun: [String: Any]? {
    guard let run = overview.runs.first, run.status == .failed,
      overview.ended?.task.runID != run.runID || overview.ended?.task.state != .failed
    else { return nil }
    return alert(
      text("run_alert_run_failed", text.time(run.completedAt ?? run.startedAt) ?? ""),
      detail: run.refusal.map { text("run_refused", $0.snapshot) } ?? run.error,
      advice: text(run.refusal == nil ? "run_alert_run_failed_do" : "run_do_65"), path: "/runs/\(run.id)",
      reasons: Self.few(run.refusal?.reasons ?? []))
  }

  private var silent: [String: Any]? {
    guard let run = overview.runs.first, run.isSilent else { return nil }
    return alert(text("run_alert_silent"), advice: text("run_alert_silent_do"), path: "/runs/\(run.id)")
  }

  private var unreconciled: [String: Any]? {
    guard let run = overview.runs.first(where: { !$0.counts.reconcile }) else { return nil }
    return alert(text("run_alert_sums"), advice: text("run_alert_sums_do"), path: "/runs/\(run.id)")
  }

  private var stale: [String: Any]? {
    guard let day = overview.published?.publication?.asOfDate, let since = TaipeiTime.seconds("\(day) 00:00:00"),
      case let days = (Int64(now.timeIntervalSince1970) + 8 * 3600 - since) / 86_400, days > Self.staleDays
    else { return nil }
    return alert(text("run_alert_stale", day, "\(days)"), advice: text("run_alert_stale_do"), isBad: false)
  }

  /// The first ones; the page behind has them all.
  private static func few(_ reasons: [String]) -> [String] {
    reasons.count <= 3 ? reasons : Array(reasons.prefix(3)) + ["…"]
  }
}
