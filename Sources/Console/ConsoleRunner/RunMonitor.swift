import ConsoleStore
import FaultInjection
import Glibc
import Spool
import Support

/// The process that starts `pipeline.sh` once and records how it ended. It leads a session of its own, so the console
/// may be stopped, killed or restarted during the run. The console finds the run by its folder.
public struct RunMonitor {
  private let folder: TaskFolder
  private let limitSeconds: Int
  /// How long a run may take to stop after SIGTERM. It stops at its next safe point, usually within seconds.
  private let graceSeconds: Int

  /// - Parameters:
  ///   - folder: the task's folder; see ``TaskFolder``.
  ///   - limitSeconds: the run's time limit.
  ///   - graceSeconds: how long a stopped run may take before it is killed.
  public init(folder: String, limitSeconds: Int, graceSeconds: Int) {
    self.folder = TaskFolder(folder)
    self.limitSeconds = limitSeconds
    self.graceSeconds = graceSeconds
  }

  /// Starts the command unless it was started before, and waits until it ends.
  public func run(_ command: [String]) throws {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&wanted, signal) }
    pthread_sigmask(SIG_BLOCK, &wanted, nil)

    // FileLock does not fit: the run's processes inherit this lock, so that it is held until the last of them ends.
    let lock = Faults.call(.create, at: folder.lock) {
      open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { return }
    guard try begin() else { return }
    let child: pid_t
    do {
      // The console reads the run's progress from these lines.
      var environment = ChildProcess.environment.merging(["LOG_FORMAT": "json"]) { $1 }
      if !["debug", "trace"].contains(environment["LOG_LEVEL"]?.lowercased()) { environment["LOG_LEVEL"] = "info" }
      var process = ChildProcess(command, environment: environment)
      (process.stdout, process.stderr) = (.file(folder.summary), .file(folder.log))
      // `pipeline.sh` uses the numbers from 7 on.
      process.others = [6: .descriptor(lock)]
      child = try process.startOrFail()
    } catch {
      try DurableFile.write(
        Array("\(ExitCategory.configuration.exitCode)\n\(ConsoleTask.Reason.notStarted.rawValue)\n".utf8),
        to: folder.exit)
      throw error
    }
    let (code, reason) = try attend(child, wanted)
    try DurableFile.write(Array("\(code)\n\(reason?.rawValue ?? "")\n".utf8), to: folder.exit)
  }

  /// Creates `started`.
  ///
  /// - Returns: false if the run was started before.
  private func begin() throws -> Bool {
    let started = Faults.call(.create, at: folder.started) {
      open(folder.started, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }
    guard started >= 0 else { return false }
    defer { close(started) }
    do throws(Failure) {
      try Array("\(getpid())\n".utf8).withUnsafeBufferPointer { bytes throws(Failure) in
        try DurableFile.writeAll(UnsafeRawBufferPointer(bytes), to: started, at: folder.started)
      }
      guard Faults.call(.flush, at: folder.started, { fsync(started) }) == 0 else {
        throw .system("flush '\(folder.started)'", errno: errno)
      }
    } catch {
      // The run has not started, so it may be started later.
      unlink(folder.started)
      throw error
    }
    try Folder.sync(folder.path)
    return true
  }

  /// Waits until the child ends, and stops it at the time limit or after a signal.
  ///
  /// - Returns: the child's exit code, or 128 plus the number of the signal that ended it; and why it was stopped, or
  ///   nil.
  private func attend(_ child: pid_t, _ wanted: sigset_t) throws(SystemError) -> (Int32, ConsoleTask.Reason?) {
    var reason: ConsoleTask.Reason?
    var end = MonotonicClock.seconds() + Double(limitSeconds)
    var isStopping = false
    while true {
      if let ended = try ChildProcess.end(of: child) { return (ended.code ?? 128 + (ended.signal ?? 0), reason) }
      var wanted = wanted
      var time = timespec(tv_sec: max(0, Int((end - MonotonicClock.seconds()).rounded(.up))), tv_nsec: 0)
      let signal = sigtimedwait(&wanted, nil, &time)
      if signal == SIGCHLD || (signal < 0 && errno == EINTR) { continue }
      if signal < 0, isStopping {
        // It did not stop in time. The next run resumes from its committed work.
        ProcessGroup.signal(SIGKILL, session: getpid(), exceptFor: getpid())
        end = MonotonicClock.seconds() + Double(graceSeconds)
        continue
      }
      // A signal without the file `stop` comes from the shutdown of the machine or the container.
      if !isStopping { reason = signal < 0 ? .timeLimit : access(folder.stop, F_OK) == 0 ? .stopped : .cutShort }
      isStopping = true
      end = MonotonicClock.seconds() + Double(graceSeconds)
      kill(child, SIGTERM)
    }
  }
}
