import ConsoleQueries
import ConsoleStore
import Foundation

/// The values of a run's page for templates.
struct RunPage {
  let text: RunText
  let details: RunDetails
  let run: PipelineRun

  init(text: RunText, _ details: RunDetails) {
    self.text = text
    self.details = details
    run = details.run
  }

  /// Returns the values of the page, but for those of ``progress(now:)``.
  func values() -> [String: Any] {
    let (jobRun, findings) = (run.jobRun, findings)
    let reason = isOver ? nil : task?.acceptance?.reason
    let noFindings = details.loads.findings.isEmpty ? noFindings(findings.isEmpty) : nil
    let values: [String: Any?] = [
      "run_sentence": sentence, "is_over": isOver,
      "run_kind": kind, "accepts_reason": reason, "run_number": jobRun?.id, "run_failure": failure,
      "run_started": text.time(run.startedAt), "facts": facts,
      "run_check": isSuperseded ? nil : run.summary?.check.map(check), "check_is_stale": isStale,
      "undone_by": details.loads.undoneBy, "reloaded_by": details.loads.reloadedBy,
      "run_counts": (jobRun?.counts ?? run.summary?.counts).map(counts),
      "run_publication": jobRun?.publication.map(publication), "run_progress": details.loads.progress.map(loaded),
      "findings": findings, "has_findings": !findings.isEmpty,
      "is_capped": isCapped, "shows_findings": !findings.isEmpty || noFindings != nil,
      "findings_none": noFindings,
      "findings_path": jobRun.flatMap { details.loads.findings.isEmpty ? nil : "/findings?run=\($0.id)" },
      "earlier": details.loads.jobRuns.dropFirst().map { ["id": $0.id] },
      "log": log,
      "is_live": task.map { !$0.state.isOver } ?? false, "is_changing": task == nil && !isOver, "task_id": task?.id,
    ]
    return values.present
  }

  /// What ran. Of an acceptance, also the run whose data it publishes.
  private var kind: String {
    let refused = details.refusedRun.map { text("colon") + text("run_data_of_run", "\($0)") }
    return text.kind(of: run) + (refused ?? "")
  }

  /// Returns a sentence of what a successful run did; nil if a single stage ran.
  private var sentence: String? {
    guard run.outcome.isGood else { return nil }
    if let publication = run.jobRun?.publication { return text.sentence(publication) }
    if run.isDryRun, run.summary?.check != nil { return dryRunSentence }
    if run.outcome == .unchanged {
      return run.isHeldBack ? text("run_sentence_nothing_held_back") : text("run_sentence_nothing")
    }
    return nil
  }

  /// What a dry run found. It names the days of the source and of the registry, unless the registry has changed since.
  private var dryRunSentence: String? {
    let found =
      run.isHeldBack
      ? text("run_sentence_would_hold_back")
      : run.outcome == .unchanged ? text("run_sentence_same") : RunValues(text: text).detail(run)
    guard !isStale, let day = details.loads.published?.sourceDay, let source = run.summary?.sourceDate, let found else {
      return found
    }
    return text("run_sentence_days", source, day, found)
  }

  /// Returns why the database has no findings of the load; nil if the summary has warnings only.
  private func noFindings(_ hasNone: Bool) -> String? {
    guard isOver, let jobRun = run.jobRun else { return nil }
    return hasNone || jobRun.counts.failed + jobRun.counts.duplicated > 0 ? text.noFindings(of: jobRun) : nil
  }

  /// Why it did not succeed, and what to do about it; nil if it succeeded or has not ended.
  private var failure: [String: Any]? {
    guard isOver, var values = RunFailure(text: text, run: run, log: details.log).values else { return nil }
    if !isStale, !run.isDryRun, run.outcome == .failed, run.jobRun?.publication == nil {
      values["failure_state"] = details.loads.published.map { text("run_alert_still", $0.sourceDay) }
    }
    let accepted = details.loads.acceptances.acceptance(of: run)?.jobRunID
    let undone = accepted.flatMap { details.loads.acceptances.undone[$0] }
    if let task = details.accepting, accepted == nil || undone != nil {
      values["failure_advice"] = text("run_do_accepting", task.askedBy ?? "–")
      values["failure_next"] = text("run_look_progress")
      values["failure_next_path"] = "/tasks/\(task.id)"
    } else if let accepted {
      values["failure_is_stop"] = true
      values["failure_title"] =
        text("run_refused_accepted", text.data(of: run), details.acceptor ?? "–", "\(accepted)")
        + (undone.map { text("run_refused_undone", "\($0)") } ?? "")
      values["failure_advice"] = text("run_look_number", "\(accepted)")
      values["failure_path"] = "/runs/\(accepted)"
      values["failure_next"] = undone.map { text("run_look_number", "\($0)") }
      values["failure_next_path"] = undone.map { "/runs/\($0)" }
    } else if isSuperseded {
      values["failure_advice"] = text("run_do_superseded")
    } else if run.isDryRun, run.refusal != nil, isStale {
      values["failure_title"] = text("run_would_have_been_refused", text.data(of: run))
      values["failure_advice"] = text("run_do_check_stale")
    } else if run.isDryRun, run.refusal?.isAcceptable == true, text.context.isOperator {
      values["failure_next"] = text("run_look_runs")
      values["failure_next_path"] = "/runs"
    } else if mayAccept {
      values["failure_advice"] = text("run_do_65_operator")
    }
    return values
  }

  /// Whether the page has the form with which this account accepts the refused snapshot.
  private var mayAccept: Bool {
    guard text.context.isOperator, let refusal = details.openRefusal else { return false }
    return text.site.settings.isTransformed(refusal.snapshot)
  }

  /// Whether its refused snapshot, or a newer one, was published since.
  private var isSuperseded: Bool { details.loads.acceptances.supersede(run) }

  /// Whether the registry has changed since the run compared it with the snapshot.
  var isStale: Bool {
    guard let ended = run.endedAt.flatMap(TaipeiTime.seconds),
      let published = (details.loads.published?.publishedAt).flatMap(TaipeiTime.seconds)
    else { return false }
    return published > ended
  }

  var task: ConsoleTask? { details.task }

  private var isOver: Bool { run.outcome.isOver }
}

// MARK: - Progress

extension RunPage {
  /// Returns the values of the part that changes while the run is under way.
  func progress(now: Date = Date()) -> [String: Any] {
    let trace = RunTrace(log: details.log, stages: stages, now: isOver ? nil : now.timeIntervalSince1970)
    let began = TaipeiTime.seconds(task?.startedAt ?? run.startedAt).map(Double.init)
    let isQueued = task?.state == .queued
    let shown = isQueued ? [] : shown(trace)
    let values: [String: Any?] = [
      "progress_state": badge, "progress_state_text": text.outcome(of: run),
      "progress_waits": isQueued ? task.map { text.waiting($0, now: now) } : nil,
      "progress_stopping": task?.state == .running && task?.stopAskedBy != nil,
      "progress_seconds": isOver || isQueued
        ? nil : began.map { text.seconds(max(0, (now.timeIntervalSince1970 - $0).rounded())) },
      "progress_summary": isOver
        ? [RunValues(text: text).by(run), run.seconds.map(text.seconds)].compactMap(\.self).joined(separator: " · ")
        : nil,
      "progress_stages": shown, "progress_has_stages": !shown.isEmpty, "progress_is_alive": !isOver,
      "progress_batches": isOver ? nil : trace.batches.map(batches),
      "progress_lines": isOver ? [] : latest(trace).map(line),
    ]
    return values.present
  }

  /// The stages of the run's command.
  private var stages: [String] {
    switch task?.kind {
    case .run, .dryRun: RunSummary.stageNames
    case .rollback: ["transform", "load"]
    case .fetch, .transform, .load: [run.command]
    case nil: run.summary?.stages.map(\.name) ?? []
    }
  }

  /// The CSS classes of the state. A success of a task also has the run's outcome.
  private var badge: String {
    (task?.state == .succeeded ? "succeeded " : "") + run.outcome.rawValue
  }

  /// Returns the values of the stages. The summary overrides the trace.
  private func shown(_ trace: RunTrace) -> [[String: Any]] {
    let summed = Dictionary((run.summary?.stages ?? []).map { ($0.name, $0) }) { first, _ in first }
    let last = trace.stages.last { $0.state != .waiting }?.name
    return trace.stages.map { stage in
      let known = summed[stage.name]
      let seconds = known?.seconds ?? stage.seconds
      let isAlive = known == nil && stage.state == .running && !isOver
      // After a failure, the last stage is not shown as done unless the summary says so.
      let isCut = known == nil && stage.name == last && isOver && !run.outcome.isGood
      let (badge, state) =
        known.map { text.result($0.result, of: run) }
        ?? (isCut
          ? (run.outcome.rawValue, text.outcome(run.outcome))
          : (Self.badge(stage.state), text("run_stage_" + stage.state.rawValue)))
      let values: [String: Any?] = [
        "stage": text.stage(stage.name, of: run), "stage_class": badge, "stage_state": state,
        "stage_seconds": seconds.map(text.seconds), "stage_rate": known?.recordsPerSecond.map(text.count),
        "stage_is_running": isAlive,
      ]
      return values.present
    }
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
    [
      "done": batches.done, "total": batches.total, "records": text.count(batches.records),
      "is_written": batches.done == batches.total,
    ]
  }
}

// MARK: - Log

extension RunPage {
  /// The log of a run that has ended: all lines, and first the cause, which are errors and then warnings.
  private var log: [String: Any]? {
    let lines = isOver ? RunTrace(log: details.log, stages: [], now: nil, linesMax: 1000).lines : []
    guard !lines.isEmpty else { return nil }
    // The reasons of a refusal are on the page already, in its language.
    let isRefused = run.refusal != nil || !(run.jobRun?.publication?.refusals ?? []).isEmpty
    let problems = isRefused ? [] : lines.filter(\.isBad) + lines.filter { $0.level == "WARNING" }
    let values: [String: Any?] = [
      "lines": lines.map(line), "problems": problems.isEmpty ? nil : ["lines": problems.map(line)],
    ]
    return values.present
  }

  /// Returns the last log lines without the events of batches, which the progress bar shows.
  private func latest(_ trace: RunTrace) -> [RunLogLine] {
    trace.lines.filter { $0.event != "etl_started" && $0.event?.hasPrefix("batch_") != true }.suffix(6)
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
