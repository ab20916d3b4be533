import FoundationEssentials

/// The progress of a run, derived from its log of one JSON object a line.
public struct RunTrace: Sendable, Equatable {
  /// The progress of a stage.
  public struct Stage: Sendable, Equatable {
    public enum State: String, Sendable { case waiting, running, done, failed }

    public let name: String
    public let state: State
    /// Nil if it has not begun, or if the kept part of the log does not contain its beginning.
    public let seconds: Double?
  }

  /// The progress of the load in batches.
  public struct Batches: Sendable, Equatable {
    public let done: Int
    public let total: Int
    /// The records in loaded batches.
    public let records: Int
  }

  public let stages: [Stage]
  /// Nil before the first batch.
  public let batches: Batches?
  /// The number of the job run in `etl_job_run`.
  public let jobRunID: Int?
  /// The last lines, the oldest first.
  public let lines: [RunLogLine]

  /// Derives the progress.
  ///
  /// - Parameters:
  ///   - log: the log or its end, whose first line may be cut.
  ///   - names: the run's stages, in order.
  ///   - now: seconds since 1970; nil if the run has ended.
  ///   - linesMax: the greatest number of ``lines``.
  public init(log: String, stages names: [String], now: Double?, linesMax: Int = 200) {
    let lines = RunLogLine.read(log)
    self.lines = Array(lines.suffix(linesMax))
    jobRunID = lines.last { $0.jobRunID != nil }?.jobRunID
    batches = Self.batches(lines)
    stages = Self.stages(lines, names, now: now)
  }

  /// A stage begins when the one before ends. A stage without log lines, such as transform without findings, ends when
  /// the next stage logs its first line.
  private static func stages(_ lines: [RunLogLine], _ names: [String], now: Double?) -> [Stage] {
    var began = names.map { name in lines.first { $0.name == name }?.time }
    // The last message of fetch: "snapshot ID: N records in M chunks". Others may begin with an earlier snapshot.
    let fetched = lines.last {
      $0.name == "fetch" && $0.message.hasPrefix("snapshot ") && $0.message.hasSuffix(" chunks")
    }?.time
    if let fetched, let next = names.firstIndex(of: "fetch").map({ $0 + 1 }), next < names.count, began[next] == nil {
      began[next] = fetched
    }
    let current = began.lastIndex { $0 != nil }
    let failed = lines.last { $0.event == "etl_failed" }?.name
    let end = now ?? lines.last { $0.time != nil }?.time ?? nil
    return names.indices.map { index in
      guard let current, index <= current else { return Stage(name: names[index], state: .waiting, seconds: nil) }
      let from = index > 0 && names[index - 1] == "fetch" ? fetched ?? began[index] : began[index]
      let to = index < current ? (names[index] == "fetch" ? fetched : nil) ?? next(began, after: index) : end
      let state: Stage.State =
        failed == names[index] ? .failed : index < current || now == nil ? .done : .running
      return Stage(name: names[index], state: state, seconds: from.flatMap { from in to.map { max(0, $0 - from) } })
    }
  }

  private static func next(_ began: [Double?], after index: Int) -> Double? {
    began[(index + 1)...].lazy.compactMap { $0 }.first
  }

  private static func batches(_ lines: [RunLogLine]) -> Batches? {
    var total: Int?
    var records: [Int: Int] = [:]
    for line in lines where line.name == "load" {
      guard let event = line.event, event.hasPrefix("batch_"), let number = line.batch else { continue }
      total = line.batchesTotal ?? total
      if event == "batch_completed" { records[number] = line.records ?? 0 }
    }
    guard let total else { return nil }
    return Batches(done: records.count, total: total, records: records.values.reduce(0, +))
  }
}
