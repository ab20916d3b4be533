import ConsoleQueries
import ConsoleStore
import Foundation

/// One run of the pipeline, merged from its record in the spool, the console's task and the database's job run. Each of
/// the three may be missing, since a run may also be started outside the console.
public struct PipelineRun: Sendable, Equatable {
  /// The outcome of a run.
  public enum Outcome: String, Sendable, CaseIterable {
    /// In the console's queue.
    case queued
    case running
    case success
    /// Finished; some records were rejected.
    case partial
    /// Finished; the source had nothing new.
    case unchanged
    case failed
    /// The snapshot did not pass the acceptance checks.
    case refused
    /// Stopped on purpose.
    case stopped

    var isFailure: Bool { self == .failed || self == .refused }
    var isGood: Bool { self == .success || self == .partial || self == .unchanged }
    var isOver: Bool { self != .queued && self != .running }
  }

  /// The run's identifier in the logs; nil for a task that could not be started, and for a job run of an early version.
  public let runID: String?
  /// The command of `pipeline.sh`.
  public let command: String
  public let outcome: Outcome
  /// In UTC, as PostgreSQL writes it or in ISO 8601.
  public let startedAt: String
  public let summary: RunSummary?
  public let task: ConsoleTask?
  /// The newest job run, if load started several times.
  public let jobRun: JobRunSummary?

  public init(command: String, outcome: Outcome, startedAt: String = "", runID: String? = nil) {
    self.runID = runID
    self.command = command
    self.outcome = outcome
    self.startedAt = startedAt
    (summary, task, jobRun) = (nil, nil, nil)
  }

  init(summary: RunSummary? = nil, task: ConsoleTask? = nil, jobRun: JobRunSummary? = nil) {
    runID = summary?.runID ?? task?.runID ?? jobRun?.runID
    command = summary?.command ?? task?.kind.rawValue ?? jobRun?.publication?.action ?? "load"
    let outcome = Self.outcome(summary, task, jobRun)
    self.outcome =
      switch outcome {
      // The rejected records of a rollback are those of the load that it repeats.
      case .partial where command == "rollback": .success
      case .failed where (summary?.refusal ?? jobRun?.refusal) != nil: .refused
      default: outcome
      }
    startedAt = summary?.startedAt ?? task?.startedAt ?? task?.queuedAt ?? jobRun?.startedAt ?? ""
    self.summary = summary
    self.task = task
    self.jobRun = jobRun
  }

  /// When it ended; nil while it is under way, or if that is unknown.
  var endedAt: String? {
    !outcome.isOver ? nil : summary?.endedAt ?? task?.endedAt ?? jobRun?.completedAt
  }

  /// Whether it was stopped while it waited in the queue.
  var isCancelled: Bool { outcome == .stopped && task?.startedAt == nil && summary == nil && jobRun == nil }

  /// The duration; nil while it is under way, and if it did not begin.
  var seconds: Double? {
    guard outcome.isOver, !isCancelled else { return nil }
    guard let from = Self.seconds(startedAt), let to = endedAt.flatMap(Self.seconds) else { return jobRun?.seconds }
    return max(0, to - from)
  }

  /// `fetch`, `transform` or `load`: the last stage that the run began.
  var stage: String? {
    if let stage = summary?.problem?.stage, RunSummary.stageNames.contains(stage) { return stage }
    return summary?.stages.last?.name ?? jobRun.map { _ in "load" }
  }

  /// Whether it checked the source. A load or a rollback alone does not.
  public var checkedSource: Bool { summary.map { $0.stages.contains { $0.name == "fetch" } } ?? (command == "run") }

  /// Whether it is a dry run, whose load only compares.
  var isDryRun: Bool { command == ConsoleTask.Kind.dryRun.rawValue }

  /// Whether the source still has the file from which the registry was rolled back, so that it was not loaded.
  var isHeldBack: Bool {
    outcome == .unchanged && (summary?.database?.rolledBackTo ?? summary?.check?.rolledBackTo) != nil
  }

  /// Why the snapshot was refused, if the run failed for that reason.
  var refusal: SnapshotRefusal? { summary?.refusal ?? jobRun?.refusal }

  /// Whether it was killed before it could record its end.
  var isKilled: Bool {
    guard outcome == .failed, task?.reason == nil else { return task?.reason == .cutShort }
    return summary.map { $0.exitCode == nil } ?? jobRun?.isSilent ?? false
  }

  /// The path of the page with its details.
  var path: String? {
    if let task { return "/tasks/\(task.id)" }
    if summary != nil, let runID { return "/runs/\(runID)" }
    return jobRun.map { "/runs/\($0.id)" }
  }

  /// Derives the outcome. A success in the record comes first, since the run itself wrote it. The task tells whether a
  /// user or the time limit stopped the run.
  private static func outcome(_ summary: RunSummary?, _ task: ConsoleTask?, _ jobRun: JobRunSummary?) -> Outcome {
    if let summary, summary.endedAt != nil, let outcome = Outcome(rawValue: summary.status), outcome.isGood {
      return outcome
    }
    switch task?.state {
    case .stopped: return .stopped
    case .failed: return task?.reason == .overtaken ? .stopped : .failed
    case .succeeded: return summary.flatMap { Outcome(rawValue: $0.status) } ?? .success
    case .queued: return .queued
    case .running, nil: break
    }
    if let summary {
      guard summary.endedAt != nil else { return .running }
      return summary.exitCode.map(stopCodes.contains) ?? false ? .stopped : .failed
    }
    if task != nil { return .running }
    guard let jobRun, !jobRun.isSilent else { return .failed }
    if jobRun.isStopped { return .stopped }
    return Outcome(rawValue: jobRun.status.rawValue) ?? .failed
  }

  /// The exit codes of SIGHUP, SIGINT and SIGTERM, by which runs are stopped on purpose.
  private static let stopCodes = [129, 130, 143]

  private static func seconds(_ text: String) -> Double? {
    guard let whole = TaipeiTime.seconds(text) else { return nil }
    let fraction = text.dropFirst(19).prefix { $0 == "." || $0.isNumber }
    return Double(whole) + (Double("0" + fraction) ?? 0)
  }
}

/// The list of runs.
enum RunList {
  /// What is known of the latest runs.
  struct Known: Sendable {
    /// The newest first.
    let runs: [PipelineRun]
    /// The `before` of a page of older loads; nil if there are none.
    let olderLoads: Int?
    /// Whether the registry was ever published.
    let isPublished: Bool
    let acceptances: Acceptances
    /// The loads that a rollback undid.
    var undone: Set<Int> { Set(acceptances.undone.keys) }
  }

  /// How many of each source are read: as many as the spool keeps records.
  private static let depth = 400

  /// Reads the runs of all three sources.
  static func read(_ site: Site, _ context: ConsoleContext) async throws -> Known {
    let jobRuns = try await site.readRegistry(context) { connection in
      (
        page: try JobRuns.page(&connection, limit: depth), isPublished: try JobRuns.published(&connection) != nil,
        acceptances: try Acceptances.read(&connection)
      )
    }
    let tasks = try await site.store.run { try Tasks.list(limit: depth, on: &$0) }
    return Known(
      runs: merge(records: try await site.settings.runs(), tasks: tasks, jobRuns: jobRuns?.page.runs ?? []),
      olderLoads: jobRuns?.page.next, isPublished: jobRuns?.isPublished ?? false,
      acceptances: jobRuns?.acceptances ?? Acceptances())
  }

  /// Merges the three sources by the run's identifier, so that each run is listed once.
  ///
  /// - Parameters:
  ///   - records: the records of the spool.
  ///   - tasks: the console's tasks, the newest first. A task that waits is listed, too.
  ///   - jobRuns: the database's job runs, the newest first. They are the only source for loads whose records are in
  ///     another spool.
  /// - Returns: the runs, the newest first; runs with a future start last.
  static func merge(records: [RunSummary], tasks: [ConsoleTask], jobRuns: [JobRunSummary]) -> [PipelineRun] {
    func byRun<Item>(_ items: [Item], _ runID: (Item) -> String?) -> [String: Item] {
      Dictionary(items.compactMap { item in runID(item).map { ($0, item) } }) { newest, _ in newest }
    }
    let taskOf = byRun(tasks, \.runID)
    let jobRunOf = byRun(jobRuns, \.runID)
    var known: Set<String> = []
    var runs: [PipelineRun] = []
    // The console learns the identifier of a run a moment after its start. One of its runs is under way at a time.
    var starting = tasks.first { $0.state == .running && $0.runID == nil }
    for record in records {
      guard let runID = record.runID, known.insert(runID).inserted else { continue }
      var task = taskOf[runID]
      if task == nil, record.endedAt == nil, record.origin != "shell" { (task, starting) = (starting, nil) }
      runs.append(PipelineRun(summary: record, task: task, jobRun: jobRunOf[runID]))
    }
    let paired = Set(runs.compactMap { $0.task?.id })
    for task in tasks where !paired.contains(task.id) {
      if let runID = task.runID { guard known.insert(runID).inserted else { continue } }
      runs.append(PipelineRun(task: task, jobRun: task.runID.flatMap { jobRunOf[$0] }))
    }
    for jobRun in jobRuns {
      if let runID = jobRun.runID { guard known.insert(runID).inserted else { continue } }
      runs.append(PipelineRun(jobRun: jobRun))
    }
    // A run that began while a clock was ahead is last. Otherwise it would stay the newest until that time.
    let latest = key(Date(timeIntervalSinceNow: 300).ISO8601Format())
    let keyed = runs.map { run in
      let key = key(run.startedAt)
      return (key > latest ? "" : key, run)
    }
    return keyed.sorted { $0.0 > $1.0 }.map(\.1)
  }

  /// Returns the digits of a time, to milliseconds: a sort key for both time formats.
  private static func key(_ time: String) -> String {
    let digits = time.prefix { $0 != "+" }.filter { $0.isASCII && $0.isNumber }.prefix(17)
    return digits + String(repeating: "0", count: 17 - digits.count)
  }
}

extension JobRunSummary {
  /// Whether a signal stopped it: of a user, or at the time limit.
  var isStopped: Bool { error?.hasPrefix("stopped by signal ") ?? false }
}
