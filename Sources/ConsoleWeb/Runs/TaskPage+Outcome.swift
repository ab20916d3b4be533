import ConsoleDesk
import ConsoleQueries

/// How a task ended.
extension TaskPage {
  /// The stage that failed, which can be tried alone.
  var failedStage: String? {
    guard task.state.isOver, task.state != .succeeded, let stage = summary?.problem?.stage,
      RunSummary.stageNames.contains(stage)
    else { return nil }
    return stage
  }

  /// Why it did not succeed, and what to do about it; nil where it did or is not over.
  var failure: [String: Any]? {
    guard task.state == .failed || task.state == .stopped else { return nil }
    let values: [String: Any?] = [
      "failure_is_stop": task.state == .stopped, "failure_stage": failedStage.map { text("kind_" + $0) },
      "failure_reason": task.reason.map { text("reason_" + $0.rawValue.replacing(" ", with: "_")) },
      "failure_message": message, "failure_reasons": text.reasons(summary?.refusal?.reasons ?? []),
      "failure_hints": hints,
      "failure_exit_code": task.exitCode, "failure_advice": Self.advice(task, text),
    ]
    return values.present
  }

  /// What to do, by why it ended (`sysexits.h` numbers, as `pipeline.sh` uses them).
  static func advice(_ task: ConsoleTask, _ text: RunText) -> String {
    switch (task.reason, task.exitCode) {
    case (.stopped, _): text("run_do_stopped")
    case (.timeLimit, _): text("run_do_time_limit")
    case (.cutShort, _): text("run_do_cut_short")
    case (.notStarted, _): text("run_do_not_started")
    case (.overtaken, _): text("run_do_overtaken")
    case (_, let code?) where [64, 65, 66, 69, 70, 74, 75, 78].contains(code): text("run_do_\(code)")
    default: text("run_do_other")
    }
  }

  /// A refusal's reasons are listed one by one instead.
  private var message: String? {
    guard let problem = summary?.problem else { return RunTrace(log: log, stages: [], now: nil).lastError }
    return summary?.refusal.map { text("run_refused", $0.snapshot) } ?? problem.message
  }

  private var hints: [String] { summary?.refusal == nil ? summary?.problem?.hints ?? [] : [] }

  func summed(_ summary: RunSummary) -> [String: Any] {
    let counts = FindingCounts(summary.findings)
    let findings = (counts.rejections + counts.warnings).map { count -> [String: Any] in
      ["code": count.code, "meaning": text.named("finding_code_", count.code), "count": text.count(count.count)]
    }
    let values: [String: Any?] = [
      "sum_status": text.named("run_result_", summary.status), "sum_snapshot": summary.snapshot,
      "sum_source": summary.source, "sum_source_date": summary.sourceDate,
      "sum_counts": summary.counts.map(self.counts), "sum_database": summary.database.map(database),
      "sum_findings": findings, "sum_has_findings": !findings.isEmpty, "sum_job_run": summary.jobRunID,
    ]
    return values.present
  }

  private func counts(_ counts: RecordCounts) -> [String: Any] {
    [
      "total": text.count(counts.total), "processed": text.count(counts.processed),
      "failed": text.count(counts.failed), "duplicated": text.count(counts.duplicated),
      "blank": text.count(counts.blank), "is_reconciled": counts.reconcile,
    ]
  }

  private func database(_ database: RunSummary.Database) -> [String: Any] {
    [
      "registrations": text.count(database.registrations), "inserted": text.count(database.inserted),
      "updated": text.count(database.updated), "removed": text.count(database.removed),
    ]
  }
}

extension RunTrace {
  /// The last thing that went wrong, by the log.
  fileprivate var lastError: String? { lines.last { $0.level == "ERROR" || $0.level == "CRITICAL" }?.message }
}
