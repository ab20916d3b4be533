import ConsoleDesk
import ConsoleQueries

/// How a task ended.
extension TaskPage {
  /// The stage that failed, where it can be tried alone: a dry run has none that may change the registry, and one that
  /// was stopped has not failed.
  var failedStage: String? {
    guard task.state == .failed, task.kind != .dryRun, let stage = summary?.problem?.stage,
      RunSummary.stageNames.contains(stage)
    else { return nil }
    return stage
  }

  /// Why it did not succeed, and what to do about it; nil where it did or is not over.
  var failure: [String: Any]? {
    guard task.state.isOver else { return nil }
    return RunFailure(text: text, run: run, log: log).values
  }

  /// The refusal that somebody may overrule. What a dry run would be refused for, the run itself is asked about.
  var refusal: SnapshotRefusal? { run.isDryRun ? nil : summary?.refusal }
}
