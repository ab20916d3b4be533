import ConsoleQueries
import ConsoleStore

/// The values of a run for templates.
struct RunValues {
  let text: RunText
  /// The loads that a rollback undid.
  var undone: Set<Int> = []
  /// What became of refused snapshots.
  var acceptances = Acceptances()

  /// Returns the values of a list row.
  func row(_ run: PipelineRun) -> [String: Any] {
    let failure = RunFailure(text: text, run: run)
    let rejected = run.rejected
    let values: [String: Any?] = [
      "entry_number": run.jobRun?.id, "entry_path": run.path, "entry_started": text.time(run.startedAt),
      "entry_kind": text.kind(of: run),
      "entry_attempt": run.task.flatMap { $0.attempt > 1 ? text("task_attempt_number", "\($0.attempt)") : nil },
      "entry_by": by(run),
      "entry_class": badge(run),
      "entry_outcome": outcome(run),
      "entry_reason": run.outcome.isFailure || run.task?.reason == .overtaken ? failure.reason : nil,
      "entry_is_undone": run.jobRun.map { undone.contains($0.id) } ?? false,
      "entry_stage": run.outcome.isGood ? nil : run.stage.map { text.stage($0, of: run) },
      "entry_seconds": run.seconds.map(text.seconds),
      "entry_detail": run.outcome.isFailure ? failure.briefMessage : detail(run),
      "entry_is_list": !run.outcome.isFailure,
      "entry_changes_path": run.jobRun.flatMap(Self.changesPath),
      "entry_date": run.summary?.sourceDate ?? run.jobRun?.sourceDate,
      "entry_rejected": rejected > 0 ? text("run_rejected_count", text.count(rejected)) : nil,
      "entry_findings_path": run.jobRun.map { "/findings?run=\($0.id)&severity=error" },
      "entry_stop_path": run.task.flatMap { $0.mayBeStopped ? "/tasks/\($0.id)/stop" : nil },
      "entry_retry_path": acceptances.allowRepeating(run) ? run.task.map { "/tasks/\($0.id)/retry" } : nil,
    ]
    return values.present
  }

  /// Returns the outcome, and for a refused run whether its snapshot was accepted later, and then rolled back.
  func outcome(_ run: PipelineRun) -> String {
    guard let accepted = acceptance(of: run) else { return text.outcome(of: run) }
    return text("run_outcome_refused_accepted", "\(accepted)")
      + (acceptances.undone[accepted].map { text("run_outcome_refused_undone", "\($0)") } ?? "")
  }

  /// Returns the CSS class of the outcome.
  func badge(_ run: PipelineRun) -> String {
    acceptance(of: run) == nil ? run.outcome.rawValue : PipelineRun.Outcome.partial.rawValue
  }

  private func acceptance(of run: PipelineRun) -> Int? {
    run.outcome == .refused ? acceptances.acceptance(of: run)?.jobRunID : nil
  }

  /// Returns the address of the changes of a load; nil if it has none in the feed, as a first load.
  static func changesPath(of jobRun: JobRunSummary) -> String? {
    jobRun.publication.flatMap { $0.kind == "bulk" ? nil : "/changes?run=\(jobRun.id)" }
  }

  /// Returns who started the run: an account, a schedule, or the origin.
  func by(_ run: PipelineRun) -> String {
    if let account = run.task?.askedBy { return account }
    if let schedule = run.task?.schedule { return text("run_by_schedule", schedule) }
    return run.summary?.origin.map { text.named("run_origin_", $0) } ?? "–"
  }

  /// Returns a short text of what the run changed, or would change.
  func detail(_ run: PipelineRun) -> String? {
    if let publication = run.jobRun?.publication { return text.published(publication) }
    if let check = run.summary?.check {
      let kinds = ["added", "reappeared", "changed", "removed"].compactMap { kind in
        check.changes.kinds[kind].flatMap { $0 > 0 ? text("run_would_" + kind, text.count($0)) : nil }
      }
      if kinds.isEmpty { return run.isHeldBack ? nil : text("run_would_none") }
      return text(run.isHeldBack ? "run_would_reload" : "run_would", kinds.joined(separator: text("comma")))
    }
    // Its outcome says that it loaded nothing.
    if run.isHeldBack { return nil }
    return run.summary?.database.map { text.changed($0.inserted, $0.updated, $0.removed) }
  }
}

extension JobPublication {
  /// Whether it is an initial load, which has no changes.
  fileprivate var isFirst: Bool { action == "load" && kind == "bulk" }
}

extension PipelineRun {
  fileprivate var rejected: Int { jobRun?.counts.failed ?? summary?.counts?.failed ?? 0 }
}

extension RunText {
  /// Returns the name of a command of `pipeline.sh`.
  func kind(_ command: String) -> String { named("kind_", command.replacing("-", with: "_")) }

  /// Returns what ran: the command, or the acceptance of a refused snapshot.
  func kind(of run: PipelineRun) -> String {
    run.task?.acceptance == nil ? kind(run.command) : self("run_accept_load")
  }

  /// Returns a short text of what a publication changed.
  func published(_ publication: JobPublication) -> String {
    if publication.isFirst { return self("run_published_first", count(publication.registrations)) }
    return self("run_action_" + publication.action) + self("colon")
      + changed(
        publication.inserted, publication.updated, publication.removed,
        counts: publication.action == "rollback" ? "run_rolled_back_counts" : "run_published_counts")
  }

  /// Returns a sentence of what a publication did.
  func sentence(_ publication: JobPublication) -> String {
    self(
      "run_sentence_" + (publication.isFirst ? "first" : publication.action), publication.sourceDay,
      TaipeiTime.text(publication.publishedAt), count(publication.registrations), count(publication.inserted),
      count(publication.updated), count(publication.removed))
  }

  fileprivate func changed(
    _ inserted: Int, _ updated: Int, _ removed: Int, counts: String = "run_published_counts"
  ) -> String {
    inserted + updated + removed == 0
      ? self("run_no_changes") : self(counts, count(inserted), count(updated), count(removed))
  }

  /// Returns the outcome, with the number of rejected records, and who accepted a refused snapshot.
  func outcome(of run: PipelineRun) -> String {
    if run.isHeldBack { return self(run.isDryRun ? "run_outcome_would_hold_back" : "run_outcome_held_back") }
    // A dry run compares with the registry, unless it was started without `--check`.
    if run.isDryRun, run.outcome == .unchanged, run.summary?.check != nil { return self("run_outcome_same") }
    let plain =
      run.outcome == .partial && run.rejected > 0
      ? self("run_outcome_partial_count", count(run.rejected)) : outcome(run.outcome)
    guard run.outcome.isGood, let publication = run.jobRun?.publication, publication.action == "load",
      !publication.refusals.isEmpty
    else { return plain }
    return self("run_outcome_accepted", plain, publication.acceptance(by: run.task?.askedBy).acceptor ?? "–")
  }

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
    let columns = counts(byColumn(changes.columns), named: "run_column_")
    let reasons = counts(changes.reasons, named: "run_removed_")
    return [
      "kinds": kinds, "has_kinds": !kinds.isEmpty, "columns": columns, "has_columns": !columns.isEmpty,
      "reasons": reasons, "has_reasons": !reasons.isEmpty,
    ]
  }

  /// Returns the counts by column with the set-up date once: a change of it changes two columns.
  private func byColumn(_ counts: [String: Int]) -> [String: Int] {
    let dates: Set = ["business_setup_date", "setup_date"]
    var columns = counts.filter { !dates.contains($0.key) }
    columns["set_up"] = counts.filter { dates.contains($0.key) }.values.max()
    return columns
  }

  /// Names the data of a run by its day.
  func data(of run: PipelineRun) -> String {
    (run.summary?.sourceDate ?? run.jobRun?.sourceDate).map { self("run_data_of", $0) } ?? self("run_data")
  }

  func brief(_ error: String) -> String {
    error.unicodeScalars.count <= 90 ? error : String(String.UnicodeScalarView(error.unicodeScalars.prefix(90))) + "…"
  }
}
