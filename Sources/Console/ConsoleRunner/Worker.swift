import ConsoleStore
import Glibc
import Logging
import Postgres
import Spool
import Support
import Synchronization

/// Queues tasks for due schedules and runs the queued tasks one after the other. Each database has one worker: the
/// console that holds its lock. If a worker is killed, the next one continues: the queue is in the database, and the
/// state of a run is in the task's folder.
public final class Worker: Sendable {
  /// The worker's settings.
  public struct Settings: Sendable {
    public var target: DatabaseAddress
    public var home: ConsoleStateFolder
    /// The path of `pipeline.sh`.
    public var pipeline: String
    /// The path of this executable, which monitors a run as `console attend`.
    public var console: String
    /// Environment variables that runs get in addition to the console's own; nil removes a variable.
    public var variables: [String: String?] = [:]
    /// How long a stopped run may take before it is killed, in seconds.
    public var graceSeconds = 60
    /// How long a worker holds its lock before it releases it, when idle, and locks again.
    public var lockDuration = Duration.seconds(3600)
    /// How many of the newest tasks are kept. Older ones are deleted when they have ended.
    public var kept = 1000

    public init(target: DatabaseAddress, home: ConsoleStateFolder, pipeline: String, console: String) {
      self.target = target
      self.home = home
      self.pipeline = pipeline
      self.console = console
    }
  }

  private struct Stopped: Error {}
  /// The table whose lock makes a console the worker. Only the console's login has the right to lock it.
  private static let table = "console.worker_lock"

  let settings: Settings
  let logger: Logger
  private let isStopped = Mutex(false)
  private let thread = Mutex<JoinableThread?>(nil)
  private let lock = Mutex<TableLock?>(nil)

  public init(_ settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Starts the worker's thread, which works until ``stop()``. A run under way continues after that.
  ///
  /// - Returns: false if the system has no thread left.
  public func start() -> Bool {
    let thread = JoinableThread.start { [self] in run() }
    self.thread.withLock { $0 = thread }
    return thread != nil
  }

  public func stop() { isStopped.withLock { $0 = true } }

  /// Waits until the thread has ended, after ``stop()``.
  public func join() { thread.withLock { $0.take() }?.join(seconds: 10) }

  /// Stops the run under way and waits until it ends, for containers, whose processes all end together. The next worker
  /// records the run as cut short.
  public func endRuns() {
    let folders = ((try? Folder.names(settings.home.path + "/tasks")) ?? []).map {
      TaskFolder(settings.home.path + "/tasks/" + $0)
    }
    func alive() -> [TaskFolder] { folders.filter { (try? $0.stage()) == .alive } }
    for folder in alive() { folder.askToStop() }
    for _ in 0..<settings.graceSeconds * 10 where !alive().isEmpty { usleep(100_000) }
  }

  /// Attends to a task. Errors of its folder, such as a full disk, are retried twice; then the task fails and the next
  /// one begins.
  private func attendOrGiveUp(_ task: ConsoleTask, _ connection: inout Connection) throws {
    for attempt in 1... {
      do { return try attend(task, &connection) } catch let failure as Failure {
        logger.error("task \(task.id): \(failure.message)")
        guard attempt == 3 else {
          try pause(2)
          continue
        }
        try Tasks.end(task.id, .init(.failed, reason: .notStarted, log: failure.message + "\n"), on: &connection)
        return
      }
    }
  }

  private func checkStopped() throws { if isStopped.withLock({ $0 }) { throw Stopped() } }

  private func run() {
    var lastProblem = ""
    while true {
      do {
        defer { lock.withLock { $0 = nil } }
        let held = TableLock(try waitForLock())
        lock.withLock { $0 = held }
        var connection = try open()
        try work(&connection) { lastProblem = "" }
        // Released before the next attempt to lock: a closed session keeps its locks for a moment.
        held.release()
      } catch is Stopped {
        return
      } catch {
        // The database is unavailable, or the spool is full. Retried every five seconds, logged once.
        let problem = "\((error as? PostgresError)?.message ?? (error as? Failure)?.message ?? "\(error)")"
        if problem != lastProblem { logger.error("the worker was interrupted and will try again: \(problem)") }
        lastProblem = problem
        for _ in 0..<50 where !isStopped.withLock({ $0 }) { usleep(100_000) }
        if isStopped.withLock({ $0 }) { return }
      }
    }
  }

  private func open() throws -> Connection {
    try Connection.open(
      settings.target, applicationName: "registry console worker", stop: { [weak self] in try self?.checkStopped() })
  }

  /// Waits for the lock, which another console of this database may hold.
  ///
  /// - Returns: the session that holds the lock.
  private func waitForLock() throws -> Connection {
    var session = try open()
    var isTold = false
    while try !session.lockTable(Self.table) {
      if !isTold, let holder = try session.lockHolder(Self.table) {
        logger.notice("the worker waits for the lock of \(Self.table), which another session holds: \(holder)")
        isTold = true
      }
      for _ in 0..<20 {
        try checkStopped()
        usleep(100_000)
      }
    }
    return session
  }

  /// Waits, and checks that this session still holds the worker's lock.
  ///
  /// - Throws: after ``stop()``, and when the session that holds the lock is lost.
  func pause(_ seconds: Double) throws {
    for _ in 0..<max(1, Int(seconds * 10)) {
      try checkStopped()
      usleep(100_000)
    }
    try lock.withLock { $0 }?.requireHeld()
  }

  /// Works until the lock was held for ``Settings/lockDuration`` and no task is left. Then the lock is released, since
  /// VACUUM of its table waits for it, and monitoring reports long transactions.
  ///
  /// - Parameter isWell: called in each round, after due schedules were queued.
  private func work(_ connection: inout Connection, _ isWell: () -> Void) throws {
    let end = ContinuousClock.now + settings.lockDuration
    try closeForeign(&connection)
    try removeOld(&connection)
    while true {
      try enqueueDue(&connection)
      isWell()
      if let task = try underWay(&connection) {
        try attendOrGiveUp(task, &connection)
        continue
      }
      if let task = try Tasks.claim(host: settings.home.host, on: &connection) {
        logger.info("task \(task.id): \(task.kind.rawValue) begins", metadata: ["task": "\(task.id)"])
        continue
      }
      // The queue is polled, since NOTIFY does not work through a pooler.
      let wait = try ScheduleStore.secondsToNext(on: &connection) ?? 1
      try pause(min(wait, 1))
      if ContinuousClock.now >= end { return }
    }
  }

  /// The running task that this worker, or an earlier worker of this spool, has claimed.
  private func underWay(_ connection: inout Connection) throws -> ConsoleTask? {
    try Tasks.list(states: [.running], limit: 100, on: &connection).last { settings.home.owns($0.host) }
  }

  /// Closes running tasks of another spool's worker. That worker has ended, since this one holds the lock. Its run may
  /// continue elsewhere; the pipeline's own lock prevents a second load at the same time.
  private func closeForeign(_ connection: inout Connection) throws {
    for task in try Tasks.list(states: [.running], limit: 100, on: &connection) where !settings.home.owns(task.host) {
      try Tasks.end(task.id, .init(.failed, reason: .cutShort), on: &connection)
    }
  }

  func enqueueDue(_ connection: inout Connection) throws {
    for (name, fault) in try ScheduleStore.enqueueDue(on: &connection) {
      logger.error("schedule '\(name)' is suspended: unable to read its timing: \(fault)")
    }
  }

  /// Removes the folders of ended tasks. A worker may be killed after it has closed a task and before it has removed
  /// the folder.
  private func removeOld(_ connection: inout Connection) throws {
    for name in try Folder.names(settings.home.path + "/tasks") {
      let folder = TaskFolder(settings.home.path + "/tasks/" + name)
      let task = try Int(name.prefix { $0 != "-" }).flatMap { try Tasks.find($0, on: &connection) }
      let isWanted =
        task.map { !$0.state.isOver && TaskFolder(home: settings.home.path, $0).path == folder.path } ?? false
      // A folder of another database's task, or with an unknown name, stays while a run is alive in it.
      if !isWanted, (try? folder.stage()) ?? .fresh != .alive { try folder.remove() }
    }
  }
}
