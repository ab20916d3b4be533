import ConsoleStore
import Glibc
import Logging
import Postgres
import Spool
import Support
import Synchronization

/// Makes tasks of what is due and carries them out, one after the other. There is one worker a database: who holds its
/// lock. Killed at any moment, the next one goes on where it was: what is to run is in the database, and what runs is
/// in the task's folder.
public final class Worker: Sendable {
  /// What the worker runs with.
  public struct Settings: Sendable {
    public var target: DatabaseAddress
    public var home: ConsoleStateFolder
    /// `pipeline.sh`.
    public var pipeline: String
    /// This very executable, which attends a run as `console attend`.
    public var console: String
    /// What runs get of the environment besides our own; nil takes a variable away.
    public var variables: [String: String?] = [:]
    /// How long a run that is stopped may take.
    public var graceSeconds = 60
    /// After how long an idle worker leaves its lock and takes it again.
    public var lockDuration = Duration.seconds(3600)
    /// How many finished tasks are kept.
    public var kept = 1000

    public init(target: DatabaseAddress, home: ConsoleStateFolder, pipeline: String, console: String) {
      self.target = target
      self.home = home
      self.pipeline = pipeline
      self.console = console
    }
  }

  private struct Stopped: Error {}
  /// The table whose lock makes a console the worker. Only the console's login may change its rows, and so lock it.
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

  /// Works on a thread of its own until ``stop()``. A run under way goes on without it.
  public func start() -> Bool {
    let thread = JoinableThread.start { [self] in run() }
    self.thread.withLock { $0 = thread }
    return thread != nil
  }

  public func stop() { isStopped.withLock { $0 = true } }

  /// Waits until the thread has ended, after ``stop()``.
  public func join() { thread.withLock { $0.take() }?.join(seconds: 10) }

  /// Stops the run under way as well and waits for its end: for a container, with which everything in it ends. The next
  /// worker tells that it was cut short.
  public func endRuns() {
    let folders = ((try? Folder.names(settings.home.path + "/tasks")) ?? []).map {
      TaskFolder(settings.home.path + "/tasks/" + $0)
    }
    func alive() -> [TaskFolder] { folders.filter { (try? $0.stage()) == .alive } }
    for folder in alive() { folder.askToStop() }
    for _ in 0..<settings.graceSeconds * 10 where !alive().isEmpty { usleep(100_000) }
  }

  /// Trouble with a task's folder, such as a full disk, is given three tries; then the next task has its turn.
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
        // The database is away, or there is no room in the spool: told once, tried again.
        let problem = "\((error as? PostgresError)?.message ?? (error as? Failure)?.message ?? "\(error)")"
        if problem != lastProblem { logger.error("the worker cannot go on and tries again: \(problem)") }
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

  /// Waits until no other console of this database has the lock.
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

  /// Waits, and makes sure that we still are the worker.
  ///
  /// - Throws: after ``stop()``, and when the session that holds the lock is lost.
  func pause(_ seconds: Double) throws {
    for _ in 0..<max(1, Int(seconds * 10)) {
      try checkStopped()
      usleep(100_000)
    }
    try lock.withLock { $0 }?.requireHeld()
  }

  /// Returns when the lock has been held for long and there is nothing to do: VACUUM of its table waits for the lock,
  /// and monitoring reports transactions that never end.
  ///
  /// - Parameter isWell: called after each round that had no trouble.
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
      // Polled: NOTIFY does not work through a pooler.
      let wait = try ScheduleStore.secondsToNext(on: &connection) ?? 1
      try pause(min(wait, 1))
      if ContinuousClock.now >= end { return }
    }
  }

  /// The task that this spool's worker, be it an earlier one, has taken and not closed.
  private func underWay(_ connection: inout Connection) throws -> ConsoleTask? {
    try Tasks.list(states: [.running], limit: 100, on: &connection).last { settings.home.owns($0.host) }
  }

  /// Tasks of a worker elsewhere that is no more, for we have its lock. What runs there nobody can tell from here; the
  /// pipeline's own lock keeps it from meeting another run.
  private func closeForeign(_ connection: inout Connection) throws {
    for task in try Tasks.list(states: [.running], limit: 100, on: &connection) where !settings.home.owns(task.host) {
      try Tasks.end(task.id, .init(.failed, reason: .cutShort), on: &connection)
    }
  }

  func enqueueDue(_ connection: inout Connection) throws {
    for (name, fault) in try ScheduleStore.enqueueDue(on: &connection) {
      logger.error("schedule '\(name)' rests: its timing cannot be read here: \(fault)")
    }
  }

  /// Folders of tasks that are over: a worker may be killed after it told of one and before it removed its folder.
  private func removeOld(_ connection: inout Connection) throws {
    for name in try Folder.names(settings.home.path + "/tasks") {
      let folder = TaskFolder(settings.home.path + "/tasks/" + name)
      let task = try Int(name.prefix { $0 != "-" }).flatMap { try Tasks.find($0, on: &connection) }
      let isWanted =
        task.map { !$0.state.isOver && TaskFolder(home: settings.home.path, $0).path == folder.path } ?? false
      // Another database's, or one that nobody can make sense of, may be at work.
      if !isWanted, (try? folder.stage()) ?? .fresh != .alive { try folder.remove() }
    }
  }
}
