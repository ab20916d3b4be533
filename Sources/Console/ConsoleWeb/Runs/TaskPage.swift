import ConsoleQueries
import ConsoleStore
import Foundation

/// The values of a task, which is a run that the console started, for templates.
struct TaskPage {
  let text: RunText
  let task: ConsoleTask
  let summary: RunSummary?
  let log: String
  let run: PipelineRun

  init(_ text: RunText, _ task: ConsoleTask, summary: String?, log: String?) {
    self.init(text, task, record: summary.flatMap { RunSummary(json: $0) }, log: log ?? "")
  }

  init(_ text: RunText, _ task: ConsoleTask, record: RunSummary?, log: String) {
    self.text = text
    self.task = task
    summary = record
    self.log = log
    run = PipelineRun(summary: record, task: task)
  }

  /// Returns the values of the part that changes while the task runs.
  func progress(now: Date = Date()) -> [String: Any] {
    let trace = RunTrace(
      log: log, stages: stages, now: task.state.isOver ? nil : now.timeIntervalSince1970)
    let began = task.startedAt.flatMap { TaipeiTime.seconds($0) }.map(Double.init)
    let values: [String: Any?] = [
      "progress_state": badge, "progress_state_text": stateText,
      "progress_is_queued": task.state == .queued, "progress_is_running": task.state == .running,
      "progress_stopping": task.state == .running && task.stopAskedBy != nil,
      "progress_seconds": task.state == .running
        ? began.map { text.seconds(max(0, (now.timeIntervalSince1970 - $0).rounded())) } : nil,
      "progress_stages": shown(trace), "progress_has_stages": task.state != .queued,
      "progress_batches": task.state.isOver ? nil : trace.batches.map(batches),
      "progress_lines": task.state.isOver ? [] : latest(trace).map(line),
    ]
    return values.present
  }

  /// Returns the other values of the page.
  func page() -> [String: Any] {
    let trace = RunTrace(log: log, stages: stages, now: nil, linesMax: 1000)
    let lines = trace.lines.map(line)
    // The cause first: errors, then warnings.
    let problems = trace.lines.filter(\.isBad) + trace.lines.filter { $0.level == "WARNING" }
    let values: [String: Any?] = [
      "task_id": task.id, "task_kind_text": text.kind(task.kind.rawValue),
      "task_arguments": task.arguments.isEmpty ? nil : task.arguments.joined(separator: " "),
      "task_is_over": task.state.isOver, "task_asked_by": task.askedBy ?? task.schedule ?? "–",
      "task_queued": text.time(task.queuedAt), "task_started": text.time(task.startedAt) ?? "–",
      "task_ended": text.time(task.endedAt) ?? "–", "task_seconds": duration.map(text.seconds),
      "task_host": task.host, "task_run_id": task.runID, "task_stopped_by": task.stopAskedBy,
      "task_limit": text("run_minutes_only", "\(task.limitMinutes)"),
      "task_attempt_number": text("task_attempt_number", "\(task.attempt)"),
      "task_log": lines, "task_has_log": !lines.isEmpty,
      "task_problems": problems.map(line), "task_has_problems": !problems.isEmpty, "task_failure": failure,
      "summary": task.state.isOver ? summary.map { RunValues(text: text).summary($0, of: run) } : nil,
    ]
    return values.present
  }

  /// The stages of the task's command.
  private var stages: [String] {
    switch task.kind {
    case .run, .dryRun: ["fetch", "transform", "load"]
    case .rollback: ["transform", "load"]
    case .fetch, .transform, .load: [task.kind.rawValue]
    }
  }

  /// The CSS classes of the state. A success also has the run's outcome.
  private var badge: String {
    task.state == .succeeded ? "succeeded \(run.outcome.rawValue)" : task.state.rawValue
  }

  private var stateText: String {
    task.state == .succeeded ? text.outcome(run.outcome) : text("state_" + task.state.rawValue)
  }

  private var duration: Double? {
    guard let began = task.startedAt.flatMap({ TaipeiTime.seconds($0) }),
      let ended = task.endedAt.flatMap({ TaipeiTime.seconds($0) })
    else { return nil }
    return Double(ended - began)
  }

  /// Returns the values of the stages. The summary overrides the trace.
  private func shown(_ trace: RunTrace) -> [[String: Any]] {
    let summed = Dictionary((summary?.stages ?? []).map { ($0.name, $0) }) { first, _ in first }
    let longest = trace.stages.compactMap { summed[$0.name]?.seconds ?? $0.seconds }.max() ?? 0
    let last = trace.stages.last { $0.state != .waiting }?.name
    return trace.stages.map { stage in
      let known = summed[stage.name]
      let seconds = known?.seconds ?? stage.seconds
      let isAlive = known == nil && stage.state == .running && !task.state.isOver
      // After a failure, the last stage is not shown as done unless the summary says so.
      let isCut = known == nil && stage.name == last && task.state.isOver && task.state != .succeeded
      let (badge, state) =
        known.map { text.result($0.result, of: run) }
        ?? (isCut
          ? (task.state.rawValue, text("state_" + task.state.rawValue))
          : (Self.badge(stage.state), text("run_stage_" + stage.state.rawValue)))
      let values: [String: Any?] = [
        "stage": text.stage(stage.name, of: run), "stage_class": badge, "stage_state": state,
        "stage_seconds": seconds.map(text.seconds), "stage_rate": known?.recordsPerSecond.map(text.count),
        "stage_meter": isAlive || longest <= 0 ? nil : seconds.map { "\(($0 / longest * 100).rounded())" },
        "stage_is_running": isAlive,
      ]
      return values.present
    }
  }

  /// Returns the last log lines without the events of batches, which the progress bar shows.
  private func latest(_ trace: RunTrace) -> [RunLogLine] {
    trace.lines.filter { $0.event?.hasPrefix("batch_") != true }.suffix(6)
  }

  private static func badge(_ state: RunTrace.Stage.State) -> String {
    switch state {
    case .waiting: "waiting"
    case .running: "running"
    case .done: "success"
    case .failed: "failed"
    }
  }

  private func batches(_ batches: RunTrace.Batches) -> [String: Any] {
    ["done": batches.done, "total": batches.total, "records": text.count(batches.records)]
  }

  private func line(_ line: RunLogLine) -> [String: Any] {
    [
      "line_time": line.time.map { TaipeiTime.text(Int64($0)) } ?? "", "line_level": line.level,
      "line_is_bad": line.isBad, "line_name": text.stage(line.name, of: run),
      "line_message": EscapedText(Array(line.message.utf8)).text, "line_hints": line.hints,
    ]
  }
}

extension RunLogLine {
  var isBad: Bool { level == "ERROR" || level == "CRITICAL" }
}

extension TaskPage {
  /// The failed stage that can be retried alone; nil for a dry run, since its stages must not change the registry, and
  /// for a stopped run.
  var failedStage: String? {
    guard task.state == .failed, task.kind != .dryRun, let stage = summary?.problem?.stage,
      RunSummary.stageNames.contains(stage)
    else { return nil }
    return stage
  }

  /// Why it did not succeed, and what to do about it; nil if it succeeded or has not ended.
  var failure: [String: Any]? {
    guard task.state.isOver else { return nil }
    return RunFailure(text: text, run: run, log: log).values
  }

  /// The refusal that an operator may accept; nil for a dry run. The real run's refusal is accepted instead.
  var refusal: SnapshotRefusal? { run.isDryRun ? nil : summary?.refusal }
}
