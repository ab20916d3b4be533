import ConsoleQueries
import ConsoleStore

/// The values of a run for templates.
struct RunValues {
  let text: RunText

  /// Returns the values of a list row.
  func row(_ run: PipelineRun) -> [String: Any] {
    let failure = RunFailure(text: text, run: run)
    let values: [String: Any?] = [
      "entry_path": run.path, "entry_started": text.time(run.startedAt), "entry_kind": text.kind(run.command),
      "entry_attempt": run.task.flatMap { $0.attempt > 1 ? text("task_attempt_number", "\($0.attempt)") : nil },
      "entry_by": by(run),
      "entry_class": run.outcome.rawValue, "entry_outcome": text.outcome(run.outcome),
      "entry_reason": run.outcome == .failed ? failure.reason : nil,
      "entry_stage": run.stage.map { text.stage($0, of: run) } ?? "–",
      "entry_seconds": run.seconds.map(text.seconds) ?? "–",
      "entry_detail": run.outcome == .failed ? failure.message.map(text.brief) : detail(run),
    ]
    return values.present
  }

  /// Returns the values for the page of a run without a task.
  func page(_ run: PipelineRun) -> [String: Any] {
    let summary = run.summary
    let values: [String: Any?] = [
      "record_title": text.kind(run.command), "record_class": run.outcome.rawValue,
      "record_outcome": text.outcome(run.outcome), "record_by": by(run), "record_started": text.time(run.startedAt),
      "record_ended": text.time(run.endedAt) ?? "–", "record_seconds": run.seconds.map(text.seconds),
      "record_run_id": run.runID,
      "record_failure": RunFailure(text: text, run: run).values,
      "record_stages": summary?.stages.map { stage($0, of: run) } ?? [],
      "summary": summary.flatMap { run.outcome == .running ? nil : self.summary($0, of: run) },
    ]
    return values.present
  }

  /// Returns who started the run: an account, a schedule, or the origin.
  func by(_ run: PipelineRun) -> String {
    if let account = run.task?.askedBy { return account }
    if let schedule = run.task?.schedule { return text("run_by_schedule", schedule) }
    return run.summary?.origin.map { text.named("run_origin_", $0) } ?? "–"
  }

  /// Returns the values of the run's summary.
  func summary(_ summary: RunSummary, of run: PipelineRun) -> [String: Any] {
    let counts = FindingCounts(summary.findings)
    let findings = (counts.rejections + counts.warnings).map { count -> [String: Any] in
      ["code": count.code, "meaning": text.named("finding_code_", count.code), "count": text.count(count.count)]
    }
    let values: [String: Any?] = [
      "sum_status": text.outcome(run.outcome), "sum_snapshot": summary.snapshot,
      "sum_source": summary.source, "sum_source_date": summary.sourceDate,
      "sum_counts": summary.counts.map(self.counts), "sum_database": summary.database.map(database),
      "sum_findings": findings, "sum_has_findings": !findings.isEmpty,
      "sum_check": summary.check.map { check($0, of: run) },
    ]
    return values.present
  }

  private func detail(_ run: PipelineRun) -> String? {
    if let publication = run.jobRun?.publication { return JobRunValues(text: text).published(publication) }
    if let check = run.summary?.check {
      let kinds = text.counts(check.changes.kinds, named: "run_kind_").compactMap { kind in
        (kind["name"] as? String).flatMap { name in (kind["count"] as? String).map { "\(name) \($0)" } }
      }
      return kinds.isEmpty ? text("run_would_nothing") : text("run_would", kinds.joined(separator: text("comma")))
    }
    return run.summary?.database.map {
      text("run_published_counts", text.count($0.inserted), text.count($0.updated), text.count($0.removed))
    }
  }

  private func stage(_ stage: RunSummary.Stage, of run: PipelineRun) -> [String: Any] {
    let (badge, state) = text.result(stage.result, of: run)
    let values: [String: Any?] = [
      "stage": text.stage(stage.name, of: run), "stage_class": badge, "stage_state": state,
      "stage_seconds": text.seconds(stage.seconds), "stage_rate": stage.recordsPerSecond.map(text.count),
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

  private func check(_ check: RunSummary.Check, of run: PipelineRun) -> [String: Any] {
    // The failure of a refused run already lists these reasons.
    let refusals = run.refusal == nil ? text.reasons(check.refusals) : []
    let values: [String: Any] = [
      "check_registrations": text.count(check.registrations), "check_refusals": refusals,
      "check_is_refused": !refusals.isEmpty, "check_is_nothing": check.changes.kinds.allSatisfy { $0.value == 0 },
    ]
    return values.merging(text.changes(check.changes)) { $1 }
  }
}

extension RunText {
  /// Returns the name of a command of `pipeline.sh`.
  func kind(_ command: String) -> String { named("kind_", command.replacing("-", with: "_")) }

  func outcome(_ outcome: PipelineRun.Outcome) -> String { self("run_outcome_" + outcome.rawValue) }

  /// Returns the name of a stage. The load of a dry run only compares, so it has another name.
  func stage(_ name: String, of run: PipelineRun) -> String {
    named("kind_", run.isDryRun && name == "load" ? "check" : name)
  }

  /// Returns the CSS class and the text for a stage's result in the summary. A stopped stage is not shown as failed.
  func result(_ result: String, of run: PipelineRun) -> (String, String) {
    guard result == "failed" else {
      return ("success", named("run_result_", result.replacing(" ", with: "_")))
    }
    return (run.outcome.rawValue, outcome(run.outcome))
  }

  /// Returns the counts of changes by kind, column and reason.
  func changes(_ changes: JobPublication.Changes) -> [String: Any] {
    let kinds = counts(changes.kinds, named: "run_kind_")
    let columns = counts(changes.columns, named: "run_column_")
    let reasons = counts(changes.reasons, named: "run_removed_")
    return [
      "kinds": kinds, "has_kinds": !kinds.isEmpty, "columns": columns, "has_columns": !columns.isEmpty,
      "reasons": reasons, "has_reasons": !reasons.isEmpty,
    ]
  }

  func brief(_ error: String) -> String {
    error.unicodeScalars.count <= 90 ? error : String(String.UnicodeScalarView(error.unicodeScalars.prefix(90))) + "…"
  }
}
