import ConsoleDesk
import Failures
import Glibc
import Logging
import Postgres
import Spool
import Synchronization
import Threads

/// Makes tasks of what is due and carries them out, one after the other. There is one worker a database: who holds its
/// lock. Killed at any moment, the next one goes on where it was: what is to run is in the database, and what runs is in
/// the task's folder.
public final class Worker: Sendable {
  /// What the worker runs with.
  public struct Settings: Sendable {
    public var target: Target
    public var home: Home
    /// `pipeline.sh`.
    public var pipeline: String
    /// This very executable, which attends a run as `console attend`.
    public var console: String
    /// How long a run that is stopped may take.
    public var graceSeconds = 60
    /// How many finished tasks are kept.
    public var kept = 1000

    public init(target: Target, home: Home, pipeline: String, console: String) {
      self.target = target
      self.home = home
      self.pipeline = pipeline
      self.console = console
    }
  }

  private struct Stopped: Error {}
  private static let lock = "SELECT pg_try_advisory_lock(hashtext('console.worker'), 0)"

  private let settings: Settings
  private let logger: Logger
  private let isStopped = Mutex(false)

  public init(_ settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Works on a thread of its own until ``stop()``. A run under way goes on without it.
  public func start() -> Bool { BlockingThread.start { [self] in run() } }

  public func stop() { isStopped.withLock { $0 = true } }

  /// Stops the run under way as well and waits for its end: for a container, with which everything in it ends. The next worker
  /// tells how it ended.
  public func endRuns() {
    let folders = ((try? Folder.names(settings.home.path + "/tasks")) ?? []).map {
      TaskFolder(settings.home.path + "/tasks/" + $0)
    }
    func alive() -> [TaskFolder] { folders.filter { (try? $0.stage()) == .alive } }
    for folder in alive() { if let attendant = folder.attendant() { kill(attendant, SIGTERM) } }
    for _ in 0..<settings.graceSeconds * 10 where !alive().isEmpty { usleep(100_000) }
  }

  private func checkStopped() throws { if isStopped.withLock({ $0 }) { throw Stopped() } }

  private func run() {
    var lastProblem = ""
    while true {
      do {
        var connection = try Connection.open(settings.target, applicationName: "registry console worker") { [weak self] in
          try self?.checkStopped()
        }
        lastProblem = ""
        try work(&connection)
      } catch is Stopped {
        return
      } catch {
        // The database is away, or there is no room in the spool: told once, tried again.
        let problem = "\((error as? PostgresError)?.message ?? (error as? Failure)?.message ?? "\(error)")"
        if problem != lastProblem { logger.error("the worker cannot go on and tries again: \(problem)") }
        lastProblem = problem
        for _ in 0..<50 where !isStopped.withLock({ $0 }) { usleep(100_000) }
        if isStopped.withLock({ $0 }) { return }
      }
    }
  }

  private func work(_ connection: inout Connection) throws {
    try connection.execute("LISTEN \(Tasks.channel)")
    while try !connection.execute(Self.lock).truth { _ = try connection.waitForNotification(seconds: 2) }
    try settleForeign(&connection)
    while true {
      try ScheduleStore.enqueueDue(on: &connection)
      if let task = try underWay(&connection) {
        try attend(task, &connection)
        continue
      }
      if let task = try Tasks.take(host: settings.home.host, on: &connection) {
        logger.info("task \(task.id): \(task.kind.rawValue) begins", metadata: ["task": "\(task.id)"])
        continue
      }
      // At least every ten seconds: somebody may have set the machine's clock.
      let wait = try ScheduleStore.secondsToNext(on: &connection) ?? 10
      _ = try connection.waitForNotification(seconds: min(max(wait, 0.05), 10))
    }
  }

  /// The task that this spool's worker, be it an earlier one, has taken and not settled.
  private func underWay(_ connection: inout Connection) throws -> ConsoleTask? {
    try Tasks.list(states: [.running], limit: 100, on: &connection).last { settings.home.owns($0.host) }
  }

  /// Tasks of a worker elsewhere that is no more, for we have its lock. What runs there nobody can tell from here; the
  /// pipeline's own lock keeps it from meeting another run.
  private func settleForeign(_ connection: inout Connection) throws {
    for task in try Tasks.list(states: [.running], limit: 100, on: &connection) where !settings.home.owns(task.host) {
      try Tasks.end(task.id, .init(.failed, reason: .cutShort), on: &connection)
    }
  }

  /// Starts the task's run unless it was started, and follows it to its end.
  private func attend(_ task: ConsoleTask, _ connection: inout Connection) throws {
    let folder = TaskFolder(home: settings.home.path, task: task.id)
    try folder.make()
    var known = ""
    var isAskedToStop = false
    var starts = 0
    while true {
      let stage = try folder.stage()
      let log = folder.read(folder.log, last: RunLog.keptBytes) ?? ""
      switch stage {
      case .fresh where task.stopAskedBy != nil || isAskedToStop:
        return try settle(task, .init(.stopped, reason: .stopped), folder, &connection)
      case .fresh:
        // An attendant that has been started shows itself by its lock; one that died before it did so is started anew.
        if starts == 0 || !Attendants.reap() {
          guard starts < 3 else {
            return try settle(task, .init(.failed, reason: .notStarted, log: log), folder, &connection)
          }
          try start(task, folder)
          starts += 1
        }
      case .alive: break
      case .cutShort:
        let ending = Tasks.Ending(.failed, reason: .cutShort, runID: RunLog.runID(log), log: log)
        return try settle(task, ending, folder, &connection)
      case .over(let code, let reason):
        let state: ConsoleTask.State = code == 0 ? .succeeded : reason == .stopped ? .stopped : .failed
        let summary = RunLog.summary(folder.read(folder.summary, last: 1 << 20))
        let ending = Tasks.Ending(
          state, exitCode: code, reason: code == 0 ? nil : reason, runID: RunLog.runID(log), summary: summary, log: log)
        return try settle(task, ending, folder, &connection)
      }
      if log != known {
        try Tasks.keep(task.id, runID: RunLog.runID(log), log: log, on: &connection)
        known = log
      }
      if !isAskedToStop, try Tasks.find(task.id, on: &connection)?.stopAskedBy != nil, let attendant = folder.attendant() {
        if case .alive = stage {
          kill(attendant, SIGTERM)
          isAskedToStop = true
        }
      }
      try ScheduleStore.enqueueDue(on: &connection)
      _ = try connection.waitForNotification(seconds: 0.5)
    }
  }

  private func start(_ task: ConsoleTask, _ folder: TaskFolder) throws {
    let command = [
      settings.console, "attend", folder.path, "--limit-seconds", String(task.limitMinutes * 60), "--grace-seconds",
      String(settings.graceSeconds), "--", settings.pipeline, task.kind.rawValue,
    ]
    let pid = try Child.start(
      command + task.arguments + ["--json"], stdout: folder.log, stderr: folder.log, ownSession: true)
    Attendants.add(pid)
  }

  private func settle(
    _ task: ConsoleTask, _ ending: Tasks.Ending, _ folder: TaskFolder, _ connection: inout Connection
  ) throws {
    try Tasks.end(task.id, ending, on: &connection)
    try Tasks.forgetOld(keeping: settings.kept, on: &connection)
    // In the database is all of it that anybody will ask for.
    try folder.remove()
    _ = Attendants.reap()
    logger.info(
      "task \(task.id): \(task.kind.rawValue) ended: \(ending.state.rawValue)",
      metadata: [
        "task": "\(task.id)", "exit_code": "\(ending.exitCode.map { "\($0)" } ?? "none")",
        "reason": "\(ending.reason?.rawValue ?? "")",
      ])
  }
}

/// Children of ours that have to be waited for, lest they stay as zombies. Attendants that an earlier console started are not.
private enum Attendants {
  private static let pids = Mutex<[pid_t]>([])

  static func add(_ pid: pid_t) { pids.withLock { $0.append(pid) } }

  /// - Returns: whether any still lives.
  static func reap() -> Bool {
    pids.withLock { pids in
      pids.removeAll { waitpid($0, nil, WNOHANG) == $0 }
      return !pids.isEmpty
    }
  }
}
