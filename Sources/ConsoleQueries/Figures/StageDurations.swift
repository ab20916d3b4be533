/// How long the stages of a run took, in seconds; nil for one that did not run.
public struct StageDurations: Sendable, Equatable {
  public let fetch: Double?
  public let transform: Double?
  public let load: Double?

  public var total: Double { (fetch ?? 0) + (transform ?? 0) + (load ?? 0) }

  /// - Returns: nil where no stage ran.
  public init?(_ summary: RunSummary) {
    guard !summary.stages.isEmpty else { return nil }
    let seconds = Dictionary(summary.stages.map { ($0.name, $0.seconds) }) { first, _ in first }
    fetch = seconds["fetch"]
    transform = seconds["transform"]
    load = seconds["load"]
  }
}
