import FoundationEssentials

/// How far a run is, told from the log that its stages write: a JSON object a line.
public struct RunTrace: Sendable, Equatable {
  public struct Stage: Sendable, Equatable {
    public enum State: String, Sendable { case waiting, running, done, failed }

    public let name: String
    public let state: State
    /// Nil where it has not begun, or its beginning is not in what is left of the log.
    public let seconds: Double?
  }

  /// Batches that are loaded.
  public struct Batches: Sendable, Equatable {
    public let done: Int
    public let total: Int
    /// Records in those that are done.
    public let records: Int
  }

  public let stages: [Stage]
  /// Nil before the first batch.
  public let batches: Batches?
  /// The load's number in `etl_job_run`.
  public let jobRunID: Int?
  /// The last lines, the oldest of them first.
  public let lines: [RunLogLine]

  /// - Parameters:
  ///   - log: of a long one the end, whose first line may be cut.
  ///   - stages: those that the run has, in their order.
  ///   - now: seconds since 1970; nil where the run is over.
  ///   - linesMax: how many lines are handed on.
  public init(log: String, stages names: [String], now: Double?, linesMax: Int = 200) {
    let lines = RunLogLine.read(log)
    self.lines = Array(lines.suffix(linesMax))
    jobRunID = lines.last { $0.jobRunID != nil }?.jobRunID
    batches = Self.batches(lines)
    stages = Self.stages(lines, names, now: now)
  }

  /// A stage begins where the one before ends. One that says nothing, as transform does of a file without a fault, is
  /// over when the next one speaks.
  private static func stages(_ lines: [RunLogLine], _ names: [String], now: Double?) -> [Stage] {
    var began = names.map { name in lines.first { $0.name == name }?.time }
    // Fetch's last word is the snapshot that it has made.
    let fetched = lines.first { $0.name == "fetch" && $0.message.hasPrefix("snapshot ") }?.time
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
