import ConsoleQueries

/// The values of a job run for templates.
struct JobRunValues {
  let text: RunText

  /// Returns the values of a list row.
  func row(_ run: JobRunSummary) -> [String: Any] {
    let (status, statusText) = state(of: run)
    let values: [String: Any?] = [
      "run_id": run.id, "run_status": status, "run_status_text": statusText,
      "run_source_date": run.sourceDate ?? "–", "run_started_at": text.time(run.startedAt),
      "run_ended_at": text.time(run.completedAt) ?? "–", "run_seconds": text.seconds(run.seconds),
      "run_rate": run.recordsPerSecond.map(text.count) ?? "–", "run_total": text.count(run.counts.total),
      "run_processed": text.count(run.counts.processed), "run_failed": text.count(run.counts.failed),
      "run_duplicated": text.count(run.counts.duplicated), "run_blank": text.count(run.counts.blank),
      "run_is_reconciled": run.counts.reconcile,
      "run_error": run.refusal.map { _ in text("run_refused_title") } ?? error(of: run).map(text.brief),
      "run_published": run.publication.map(published),
    ]
    return values.present
  }

  /// Returns the CSS class and the text of the state.
  private func state(of run: JobRunSummary) -> (String, String) {
    if run.isSilent { return ("failed", text("run_silent")) }
    if run.isStopped { return ("stopped", text("run_outcome_stopped")) }
    return (run.status.rawValue, text("run_status_" + run.status.rawValue))
  }

  private func error(of run: JobRunSummary) -> String? { run.isStopped ? text("run_do_stopped") : run.error }

  /// Returns a short text of what a publication changed.
  func published(_ publication: JobPublication) -> String {
    text("run_action_" + publication.action) + text("colon")
      + text(
        "run_published_counts", text.count(publication.inserted), text.count(publication.updated),
        text.count(publication.removed))
  }

  /// Returns the values of the run's page.
  ///
  /// - Parameter account: the account that started the run in the console.
  func page(_ run: JobRunSummary, _ progress: JobProgress?, by account: String?) -> [String: Any] {
    let more: [String: Any?] = [
      "run_source": run.source, "run_log_id": run.runID, "run_chunk_size": run.chunkSize.map(text.count),
      "run_whole_error": run.refusal == nil ? error(of: run) : nil,
      "run_refusal": run.refusal.map {
        ["snapshot": $0.snapshot, "reasons": text.reasons($0.reasons)] as [String: Any]
      },
      "run_publication": run.publication.map { publication($0, by: account) },
      "run_progress": progress.map { self.progress($0, of: run) },
    ]
    return row(run).merging(more.present) { $1 }
  }

  private func publication(_ publication: JobPublication, by account: String?) -> [String: Any] {
    let (acceptor, reason) = Self.acceptance(of: publication, by: account)
    let values: [String: Any?] = [
      "action": text("run_action_" + publication.action), "snapshot": publication.snapshot,
      "as_of_date": publication.asOfDate, "published_at": text.time(publication.publishedAt),
      "is_part": !publication.isWhole, "registrations": text.count(publication.registrations),
      "industries": text.count(publication.industries), "inserted": text.count(publication.inserted),
      "updated": text.count(publication.updated), "removed": text.count(publication.removed),
      "repaired": publication.repaired > 0 ? text.count(publication.repaired) : nil,
      "accepted_by": acceptor, "accept_reason": reason,
      "refusals": text.reasons(publication.refusals), "has_refusals": !publication.refusals.isEmpty,
    ]
    return values.present.merging(text.changes(publication.changes)) { $1 }
  }

  /// Returns who accepted a refused snapshot, and why. The pipeline records the operating system's user, so the console
  /// adds the account to the reason (``RunActions``); here it is separated again.
  private static func acceptance(of publication: JobPublication, by account: String?) -> (String?, String?) {
    guard let account, let reason = publication.acceptReason, reason.hasSuffix(" (\(account))") else {
      return (publication.acceptedBy, publication.acceptReason)
    }
    return (account, String(reason.dropLast(account.count + 3)))
  }

  private func progress(_ progress: JobProgress, of run: JobRunSummary) -> [String: Any] {
    let batches = progress.batches.map { batch -> [String: Any] in
      [
        "number": batch.number, "registrations": text.count(batch.registrations), "staged": text.count(batch.staged),
        "loaded_at": TaipeiTime.text(batch.loadedAt), "is_resumed": batch.jobRunID != run.id,
      ]
    }
    return [
      "last": progress.lastSuccessful, "current": progress.current, "total": progress.total, "batches": batches,
      "has_batches": !batches.isEmpty,
    ]
  }
}

extension JobRunSummary {
  /// Whether a signal stopped it: of a user, or at the time limit.
  var isStopped: Bool { error?.hasPrefix("stopped by signal ") ?? false }
}
