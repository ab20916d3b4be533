import ConsoleQueries
import ConsoleStore

/// The facts and results on the page of a run.
extension RunPage {
  /// Names and values: who started the run and why, when, and of what.
  var facts: [[String: Any]] {
    let (jobRun, summary) = (run.jobRun, run.summary)
    func fact(_ name: String, _ value: String?, isCode: Bool = false) -> [String: Any]? {
      value.map { ["name": text(name), "value": $0, "is_code": isCode] }
    }
    return [
      fact("task_by", RunValues(text: text).by(run)),
      fact("task_queued_at", text.time(task?.queuedAt)),
      fact("run_started", task?.state == .queued || run.isCancelled ? nil : text.time(run.startedAt)),
      fact("run_ended", text.time(run.endedAt)),
      fact("run_duration", run.seconds.map(text.seconds)),
      fact("task_attempt", task.flatMap { $0.attempt > 1 ? text("task_attempt_number", "\($0.attempt)") : nil }),
      fact("run_limit", task.map { text("run_minutes_only", "\($0.limitMinutes)") }),
      fact(
        "run_arguments", task.flatMap { $0.arguments.isEmpty ? nil : $0.arguments.joined(separator: " ") }, isCode: true
      ),
      fact("run_stopped_by", task?.stopAskedBy),
      fact("run_host", task?.host),
      fact("run_source_date", summary?.sourceDate ?? jobRun?.sourceDate),
      fact("run_source", summary?.source ?? jobRun?.source, isCode: true),
      fact(
        "run_snapshot", summary?.snapshot ?? jobRun?.publication?.snapshot ?? run.refusal?.snapshot, isCode: true),
      fact("run_chunk_size", jobRun?.chunkSize.map(text.count)),
      fact("run_rate", hasRates ? nil : jobRun?.recordsPerSecond.map(text.count)),
      fact("run_log_id", run.runID, isCode: true),
    ].compactMap { $0 }
  }

  /// Whether the list of stages has the records per second.
  private var hasRates: Bool { run.summary?.stages.contains { $0.recordsPerSecond != nil } ?? false }

  /// What a load would change, or would have changed if it had not been refused.
  func check(_ check: RunSummary.Check) -> [String: Any] {
    // The failure of a refused run already lists these reasons.
    let refusals = run.refusal == nil ? text.reasons(check.refusals) : []
    let title =
      !run.isDryRun
      ? "run_check_accepted" : run.isHeldBack ? "run_reload_effect" : isStale ? "run_check_then" : "run_check"
    let values: [String: Any] = [
      "check_title": text(title), "check_registrations": text.count(check.registrations),
      "check_after": text.count(check.registrationsAfter),
      "check_refusals": refusals,
      "check_is_refused": !refusals.isEmpty, "check_is_nothing": check.changes.kinds.allSatisfy { $0.value == 0 },
      "check_is_dry_run": run.isDryRun,
    ]
    return values.merging(text.changes(check.changes)) { $1 }
  }

  func counts(_ counts: RecordCounts) -> [String: Any] {
    [
      "total": text.count(counts.total), "processed": text.count(counts.processed),
      "failed": text.count(counts.failed), "duplicated": text.count(counts.duplicated),
      "blank": text.count(counts.blank), "is_reconciled": counts.reconcile,
    ]
  }

  /// Whether the database keeps fewer findings than the run had.
  var isCapped: Bool {
    let stored = details.loads.findings
    let rejected = run.jobRun.map { $0.counts.failed + $0.counts.duplicated } ?? 0
    let known = run.summary?.findings.values.reduce(0, +) ?? 0
    return known > stored.reduce(0) { $0 + $1.count }
      || rejected > stored.reduce(0) { $0 + ($1.severity == "error" ? $1.count : 0) }
  }

  /// The findings by code. The summary counts all; the database keeps some of them, to which a code links.
  var findings: [[String: Any]] {
    let stored = details.loads.findings
    let counts = FindingCounts(run.summary?.findings ?? [:])
    let all =
      counts.rejections.map { ("error", $0.code, $0.count) }
      + counts.warnings.map { ("warning", $0.code, $0.count) }
    return (all.isEmpty ? stored.map { ($0.severity, $0.code, $0.count) } : all).map { severity, code, count in
      let isStored = stored.contains { $0.code == code }
      let values: [String: Any?] = [
        "severity_text": text("finding_" + severity), "code_parts": code.codeParts,
        "meaning": text.named("finding_code_", code), "count": text.count(count),
        "path": isStored ? run.jobRun.map { "/findings?run=\($0.id)&code=\(code)" } : nil,
      ]
      return values.present
    }
  }

  func publication(_ publication: JobPublication) -> [String: Any] {
    let (acceptor, reason) = publication.acceptance(by: task?.askedBy)
    let values: [String: Any?] = [
      "action": text("run_action_" + publication.action), "is_rollback": publication.action == "rollback",
      "as_of_date": publication.sourceDay, "published_at": text.time(publication.publishedAt),
      "is_part": !publication.isWhole, "registrations": text.count(publication.registrations),
      "industries": text.count(publication.industries), "inserted": text.count(publication.inserted),
      "updated": text.count(publication.updated), "removed": text.count(publication.removed),
      "repaired": publication.repaired > 0 ? text.count(publication.repaired) : nil,
      "accepted_by": acceptor, "accept_reason": reason,
      "refusals": text.reasons(publication.refusals), "has_refusals": !publication.refusals.isEmpty,
      "changes_path": run.jobRun.flatMap(RunValues.changesPath),
    ]
    var changes = publication.changes
    // A rollback removes what the file of its day lacks; the source still has it. And what it puts back is not new.
    if publication.action == "rollback" {
      changes.kinds = [:]
      changes.reasons = [:]
    }
    return values.present.merging(text.changes(changes)) { $1 }
  }

  func loaded(_ progress: JobProgress) -> [String: Any] {
    let batches = progress.batches.map { batch -> [String: Any] in
      [
        "number": batch.number, "registrations": text.count(batch.registrations), "staged": text.count(batch.staged),
        "loaded_at": TaipeiTime.text(batch.loadedAt), "is_resumed": batch.jobRunID != run.jobRun?.id,
      ]
    }
    return [
      "last": progress.lastSuccessful, "total": progress.total, "batches": batches,
      "has_batches": !batches.isEmpty,
    ]
  }
}

extension JobPublication {
  /// Returns who accepted the refused snapshot, and why (``AcceptReason``).
  ///
  /// - Parameter account: the account that queued the run; nil if the console did not start it.
  func acceptance(by account: String?) -> (acceptor: String?, reason: String?) {
    guard let reason = acceptReason.flatMap({ AcceptReason.text($0, by: account) }) else {
      return (acceptedBy, acceptReason)
    }
    return (account, reason)
  }
}
