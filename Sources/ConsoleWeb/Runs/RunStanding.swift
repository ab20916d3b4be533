/// How things stand, by the runs that are known.
///
/// Only what changes the registry counts, and what such a run consists of: a dry run neither raises a failure nor hides
/// one, and what somebody stopped on purpose says nothing. A failure stands until a later run makes good for it: a full
/// run or a load for everything before it, any other command for its own failures alone. What was rolled back, for
/// instance, has not brought in the day that a full run could not.
public struct RunStanding: Sendable, Equatable {
  /// The newest failure that no later run has made good for.
  public private(set) var failure: PipelineRun?
  /// The newest run that changed the registry or found nothing new.
  public private(set) var success: PipelineRun?
  /// The newest run under way, unless a later one has ended.
  public private(set) var running: PipelineRun?
  /// A dry run that failed, while no later run has ended in another way.
  public private(set) var failedDryRun: PipelineRun?

  /// - Parameter runs: the newest first.
  public init(_ runs: [PipelineRun]) {
    var madeGood: Set<String> = []
    var hasDryRun = false
    for run in runs {
      let hasEnded = failure != nil || success != nil
      guard let part = Self.parts[run.command] else {
        guard run.isDryRun, run.outcome != .running, run.outcome != .stopped else { continue }
        if !hasDryRun, !hasEnded, run.outcome == .failed { failedDryRun = run }
        hasDryRun = true
        continue
      }
      switch run.outcome {
      case .running:
        if running == nil, !hasEnded { running = run }
      case .stopped: break
      case .failed:
        if failure == nil, !madeGood.contains(run.command) { failure = run }
      case .success, .partial, .unchanged:
        madeGood.insert(run.command)
        if part != .stage, success == nil { success = run }
        if part == .whole { return }
      }
    }
  }

  private enum Part {
    /// Brings the registry to what the source says.
    case whole
    /// Changes the registry in another way.
    case change
    /// A part of the whole, run alone.
    case stage
  }

  private static let parts: [String: Part] = [
    "run": .whole, "load": .whole, "rollback": .change, "replay": .change, "withdraw": .change, "fetch": .stage,
    "transform": .stage,
  ]
}
