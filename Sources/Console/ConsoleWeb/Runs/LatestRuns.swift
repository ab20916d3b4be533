/// The registry's state, derived from the known runs.
///
/// Commands that change the registry and single stages count. Dry runs and runs that were stopped on purpose do not
/// count. A failure counts until a later run resolves it: a full run or a load resolves all earlier failures, any other
/// command only its own. A rollback, for instance, does not publish the day that a full run failed to publish.
public struct LatestRuns: Sendable, Equatable {
  /// The newest failure that no later run has resolved.
  public private(set) var failure: PipelineRun?
  /// The newest run that changed the registry or found nothing new.
  public private(set) var success: PipelineRun?
  /// Whether the failure is newer than the success: nothing has changed the registry since.
  public private(set) var endsWithFailure = false
  /// The newest run under way, unless a later one has ended.
  public private(set) var running: PipelineRun?
  /// A failed dry run, unless a later run ended in another way.
  public private(set) var failedDryRun: PipelineRun?

  /// - Parameter runs: the newest first.
  public init(_ runs: [PipelineRun]) {
    var madeGood: Set<String> = []
    var hasDryRun = false
    for run in runs {
      let hasEnded = failure != nil || success != nil
      guard let part = Self.parts[run.command] else {
        guard run.isDryRun, run.outcome.isOver, run.outcome != .stopped else { continue }
        if !hasDryRun, !hasEnded, run.outcome.isFailure { failedDryRun = run }
        hasDryRun = true
        continue
      }
      switch run.outcome {
      case .running:
        if running == nil, !hasEnded { running = run }
      case .queued, .stopped: break
      case .failed, .refused:
        if failure == nil, !madeGood.contains(run.command) { (failure, endsWithFailure) = (run, success == nil) }
      case .success, .partial, .unchanged:
        madeGood.insert(run.command)
        if part != .stage, success == nil { success = run }
        if part == .whole { return }
      }
    }
  }

  private enum Part {
    /// Publishes what the source says.
    case whole
    /// Changes the registry in another way.
    case change
    /// A single stage, run alone.
    case stage
  }

  private static let parts: [String: Part] = [
    "run": .whole, "load": .whole, "rollback": .change, "replay": .change, "withdraw": .change, "fetch": .stage,
    "transform": .stage,
  ]
}
