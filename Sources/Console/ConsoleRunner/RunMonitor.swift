import ConsoleStore
import Glibc
import Spool
import Support

/// A process that starts `pipeline.sh` once and writes down how it ended. It leads a session of its own: the console
/// may be stopped, killed and started again meanwhile, and finds the run by its folder.
public struct RunMonitor {
  private let folder: TaskFolder
  private let limitSeconds: Int
  /// How long a run that was told to stop may take to do so. It ends at the next safe place, which is seconds away.
  private let graceSeconds: Int

  /// - Parameter folder: of the task; see ``TaskFolder``.
  public init(folder: String, limitSeconds: Int, graceSeconds: Int) {
    self.folder = TaskFolder(folder)
    self.limitSeconds = limitSeconds
    self.graceSeconds = graceSeconds
  }

  /// Starts the command unless it was started before, and waits for its end.
  public func run(_ command: [String]) throws {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&wanted, signal) }
    pthread_sigmask(SIG_BLOCK, &wanted, nil)

    // Not FileLock: the run's processes inherit this one, so that it is held for as long as any of them lives.
    let lock = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { return }
    guard try begin() else { return }
    let child: pid_t
    do {
      let environment = ChildProcess.environment.merging(["LOG_FORMAT": "json"]) { $1 }
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

  /// - Returns: false where the run was begun before.
  private func begin() throws -> Bool {
    let started = open(folder.started, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard started >= 0 else { return false }
    defer { close(started) }
    do throws(SystemError) {
      try FileCalls.writeAll(Array("\(getpid())\n".utf8), to: started)
      guard fsync(started) == 0 else { throw SystemError() }
    } catch {
      // Nothing was started.
      unlink(folder.started)
      throw Failure.system("write '\(folder.started)'", errno: error.code)
    }
    try Folder.sync(folder.path)
    return true
  }

  /// - Returns: the child's exit code, or 128 and the signal that ended it, and why it was stopped, if it was.
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
        // It did not stop by itself. What it has done so far stands, and the next run goes on from there.
        ProcessGroup.signal(SIGKILL, session: getpid(), exceptFor: getpid())
        end = MonotonicClock.seconds() + Double(graceSeconds)
        continue
      }
      // A signal that nobody asked for comes with the end of the machine or the container.
      if !isStopping { reason = signal < 0 ? .timeLimit : access(folder.stop, F_OK) == 0 ? .stopped : .cutShort }
      isStopping = true
      end = MonotonicClock.seconds() + Double(graceSeconds)
      kill(child, SIGTERM)
    }
  }
}
