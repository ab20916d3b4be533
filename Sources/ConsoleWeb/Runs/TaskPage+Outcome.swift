import ConsoleDesk
import ConsoleQueries

/// How a task ended.
extension TaskPage {
  /// The failed stage, if it can be retried alone. A dry run must not change the registry, and a stopped run has not
  /// failed.
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

  /// The refusal that an operator may accept. A dry run's refusal is accepted on the run itself.
  var refusal: SnapshotRefusal? { run.isDryRun ? nil : summary?.refusal }
}
