import ConsoleQueries
import ConsoleStore

/// Explains why a run failed or was stopped, and what to do about it.
struct RunFailure {
  let text: RunText
  let run: PipelineRun
  /// The pipeline's message.
  private let message: String?
  /// The key of the cause, if it is a known one.
  private let cause: String?
  /// A part of the reason that a city lost too many businesses. A page shows only the first of them at once.
  private static let city = "--max-city-loss"
  private static let citiesMax = 5

  /// - Parameter log: the run's log. Without a record its last error line is the only source.
  init(text: RunText, run: PipelineRun, log: String = "") {
    self.text = text
    self.run = run
    // A killed run recorded no error, so the task's reason is shown.
    let told = run.isKilled ? nil : run.summary?.problem?.message ?? run.jobRun?.error
    message = told ?? RunTrace(log: log, stages: [], now: nil).lines.last { $0.isBad }?.message
    cause = run.refusal == nil ? message.flatMap(FailureCause.key) : nil
  }

  /// The values for the page of a run that failed or was stopped; nil for any other.
  var values: [String: Any]? {
    guard run.outcome.isFailure || run.outcome == .stopped else { return nil }
    let isStop = run.outcome == .stopped
    let original = isStop || cause == nil ? nil : message
    // The hints of a killed run are not its own, and say what the advice says.
    let hints = isStop || run.isKilled || run.refusal != nil ? [] : run.summary?.problem?.hints ?? []
    let reasons = run.refusal?.reasons ?? []
    let cities = reasons.filter { $0.contains(Self.city) }
    let more = cities.dropFirst(Self.citiesMax)
    let values: [String: Any?] = [
      "failure_is_stop": isStop, "failure_title": title, "failure_message": isStop ? nil : shownMessage,
      "failure_advice": advice, "failure_has_reasons": run.refusal != nil,
      "failure_reasons": text.reasons(reasons.filter { !$0.contains(Self.city) } + cities.prefix(Self.citiesMax)),
      "failure_more": text.reasons(Array(more)),
      "failure_more_text": more.isEmpty ? nil : text("run_reasons_cities", "\(more.count)"),
      "failure_is_shell": run.task == nil && !isStop, "failure_may_run": run.task == nil && run.refusal == nil,
      "failure_source": run.task == nil ? run.summary?.source ?? run.jobRun?.source : nil,
      "failure_original": original, "failure_hints": hints, "failure_has_original": original != nil || !hints.isEmpty,
    ]
    return values.present
  }

  /// The cause in the page's language, or else the pipeline's message; nil for a refusal, whose reasons the page lists.
  var shownMessage: String? {
    guard run.refusal == nil, let cause, let message else { return run.refusal == nil ? message : nil }
    return text("run_cause_" + cause, FailureCause.quoted(message) ?? "")
  }

  /// The same for a list, or of a refusal the reasons in short.
  var briefMessage: String? { (run.refusal.map { text.inShort($0.reasons) } ?? shownMessage).map(text.brief) }

  /// A short reason, if the exit code does not tell.
  var reason: String? {
    if let reason = run.task?.reason { return text("reason_" + reason.rawValue.replacing(" ", with: "_")) }
    if run.outcome == .stopped { return text("reason_stopped") }
    return run.isKilled ? text("reason_cut_short") : nil
  }

  /// What to do, by reason and exit code (`sysexits.h` numbers, as `pipeline.sh` uses them).
  var advice: String {
    if run.outcome == .failed, let cause {
      return cause == "killed" ? adviceOnContinuing("run_cause_killed_do") : text("run_cause_\(cause)_do")
    }
    return generalAdvice
  }

  private var generalAdvice: String {
    switch (run.task?.reason, exitCode) {
    case _ where run.isCancelled: text("run_do_cancelled")
    case (.stopped, _): adviceOnContinuing("run_do_stopped")
    case (.timeLimit, _): adviceOnContinuing("run_do_time_limit")
    case (.cutShort, _): adviceOnContinuing("run_do_cut_short")
    case (.notStarted, _): text("run_do_not_started")
    case (.overtaken, _): text("run_do_overtaken")
    case _ where run.outcome == .stopped: adviceOnContinuing("run_do_stopped")
    case _ where run.isKilled: adviceOnContinuing("run_do_cut_short")
    case _ where run.refusal?.isAcceptable == false: text("run_do_65_none")
    case (_, 65) where run.isDryRun:
      text(text.context.isOperator ? "run_do_check_65_operator" : "run_do_check_65")
    case (_, let code?) where [64, 65, 66, 69, 70, 74, 75, 78].contains(code): text("run_do_\(code)")
    // A job run alone has no exit code.
    case (_, nil) where run.refusal != nil: text("run_do_65")
    case (_, nil) where run.jobRun != nil: text("run_do_mend")
    default: text("run_do_other")
    }
  }

  /// Returns what to do about a run that was stopped or killed. The next run continues it, but a download may begin
  /// again.
  private func adviceOnContinuing(_ key: String) -> String { text(isOfFetch ? key + "_fetch" : key) }

  /// Whether it ended before its download did.
  private var isOfFetch: Bool {
    guard let summary = run.summary else { return false }
    // A killed run names no stage before the first one has ended.
    let isBeforeAll = summary.stages.isEmpty && ["run", "dry-run", "fetch"].contains(run.command)
    return summary.problem?.stage == "fetch" || isBeforeAll
  }

  /// What failed, with the reason, or without one with the exit code; of a refusal the day of the data.
  private var title: String {
    let title = plainTitle
    return title.prefix(1).uppercased() + title.dropFirst()
  }

  /// The title in the words of a list, which may begin with a small letter.
  private var plainTitle: String {
    if run.refusal != nil {
      return text(run.isDryRun ? "run_would_be_refused" : "run_refused", text.data(of: run))
    }
    let failed = run.stage.map { text("run_failure_stage", text.stage($0, of: run)) } ?? text("run_outcome_failed")
    let code = exitCode.map { text("run_exit_code", "\($0)") } ?? ""
    guard let reason else { return failed + code }
    return run.outcome == .stopped || run.stage == nil ? reason : failed + text("colon") + reason
  }

  private var exitCode: Int? { run.summary?.exitCode ?? run.task?.exitCode }
}
