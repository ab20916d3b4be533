import ConsoleStore
import Glibc
import Postgres
import Spool
import Support

extension Worker {
  /// Starts the task's run unless it was started before, and follows it until it ends.
  func attend(_ task: ConsoleTask, _ connection: inout Connection) throws {
    let folder = TaskFolder(home: settings.home.path, task)
    try folder.make()
    var known = ""
    var isAskedToStop = false
    var nextKeep = 0.0
    var starts = 0
    while true {
      let hasMonitor = RunMonitors.reap()
      let stage = try folder.stage()
      let log = folder.read(folder.log, last: RunLog.keptBytes) ?? ""
      switch stage {
      case .fresh where starts == 0 && task.stopAskedBy != nil:
        return try closeTask(task, .init(.stopped, reason: .stopped), folder, &connection)
      case .fresh where try starts == 0 && isOvertaken(task, &connection):
        return try closeTask(task, .init(.failed, reason: .overtaken), folder, &connection)
      case .fresh:
        // A running monitor holds the lock. If the monitor ended before it had the lock, it is started again.
        if starts == 0 || !hasMonitor {
          guard starts < 3 else {
            return try closeTask(task, .init(.failed, reason: .notStarted, log: log), folder, &connection)
          }
          try start(task, folder)
          starts += 1
        }
      case .alive where folder.isOrphaned && !isAskedToStop:
        logger.error("task \(task.id): its run monitor was killed; stopping the run")
        folder.askToStop()
        isAskedToStop = true
      case .alive: break
      case .cutShort:
        let ending = Tasks.Ending(.failed, reason: .cutShort, runID: RunLog.runID(log), log: log)
        return try closeTask(task, ending, folder, &connection)
      case .over(let code, let reason):
        let state: ConsoleTask.State = code == 0 ? .succeeded : reason == .stopped ? .stopped : .failed
        let summary = try RunLog.summary(folder.read(folder.summary, last: 1 << 20), on: &connection)
        let ending = Tasks.Ending(
          state, exitCode: code, reason: code == 0 ? nil : reason, runID: RunLog.runID(log), summary: summary, log: log)
        return try closeTask(task, ending, folder, &connection)
      }
      // At most once a second: each write makes open pages of the task read it again.
      if log != known, MonotonicClock.seconds() >= nextKeep {
        try Tasks.save(task.id, runID: RunLog.runID(log), log: log, on: &connection)
        known = log
        nextKeep = MonotonicClock.seconds() + 1
      }
      if !isAskedToStop, case .alive = stage, try Tasks.find(task.id, on: &connection)?.stopAskedBy != nil {
        try DurableFile.write([], to: folder.stop)
        folder.askToStop()
        isAskedToStop = true
      }
      try enqueueDue(&connection)
      try pause(0.5)
    }
  }

  /// Whether the task depends on a publication, and the registry was published again since the task was queued.
  private func isOvertaken(_ task: ConsoleTask, _ connection: inout Connection) throws -> Bool {
    guard let publication = task.publication else { return false }
    return try connection.optionalInt("SELECT max(id) FROM publication") != publication
  }

  private func start(_ task: ConsoleTask, _ folder: TaskFolder) throws {
    let command = [
      settings.console, "attend", folder.path, "--limit-seconds", String(task.limitMinutes * 60), "--grace-seconds",
      String(settings.graceSeconds), "--", settings.pipeline, task.kind.rawValue,
    ]
    var environment = ChildProcess.environment
    for (name, value) in settings.variables { environment[name] = value }
    environment["RUN_ORIGIN"] = task.scheduleID == nil ? "console" : "schedule"
    var process = ChildProcess(
      command + task.kind.options + task.arguments + ["--json"], environment: environment)
    (process.stdout, process.stderr, process.group) = (.file(folder.log), .file(folder.log), .ownSession)
    let pid = try process.startOrFail()
    RunMonitors.add(pid)
  }

  private func closeTask(
    _ task: ConsoleTask, _ ending: Tasks.Ending, _ folder: TaskFolder, _ connection: inout Connection
  ) throws {
    try Tasks.end(task.id, ending, on: &connection)
    try Tasks.forgetOld(keeping: settings.kept, on: &connection)
    // The database now has everything that pages show of the task.
    try folder.remove()
    _ = RunMonitors.reap()
    logger.info(
      "task \(task.id): \(task.kind.rawValue) ended: \(ending.state.rawValue)",
      metadata: [
        "task": "\(task.id)", "exit_code": "\(ending.exitCode.map { "\($0)" } ?? "none")",
        "reason": "\(ending.reason?.rawValue ?? "")",
      ])
  }
}
