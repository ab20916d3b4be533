import ConsoleStore
import Glibc
import Spool
import Support

/// The folder of a task, `<spool>/.console/tasks/<number>-<when it was queued>/`. Its files say whether the run has
/// started, is running or has ended, also after a restart of the console:
///
/// | file | |
/// |---|---|
/// | `lock` | locked until the last process of the run ends |
/// | `started` | created once, before `pipeline.sh` starts; prevents a second start. Has the monitor's PID |
/// | `log` | the run's stderr, JSON lines |
/// | `summary` | the run's stdout |
/// | `stop` | created before the monitor is signalled, if a user asked to stop the run |
/// | `exit` | the exit code and, on a second line, the reason if the monitor stopped the run. Written last |
public struct TaskFolder: Sendable {
  public let path: String

  init(_ path: String) { self.path = path }

  /// - Parameter home: the console's folder in the spool.
  init(home: String, _ task: ConsoleTask) { path = home + "/tasks/\(task.id)-\(task.queuedMicroseconds)" }

  var lock: String { path + "/lock" }
  var started: String { path + "/started" }
  var log: String { path + "/log" }
  var summary: String { path + "/summary" }
  var exit: String { path + "/exit" }
  var stop: String { path + "/stop" }

  /// The state of a run.
  enum Stage: Equatable {
    /// The run has not started, so it may be started.
    case fresh
    /// A process of the run is alive.
    case alive
    /// The run has started, none of its processes is alive, and `exit` is missing or unreadable.
    case cutShort
    case over(exitCode: Int, reason: ConsoleTask.Reason?)
  }

  func make() throws(Failure) { try Folder.make(path) }

  /// Returns the state. It checks `started` before the lock, so that a run that starts in between is fresh or alive. It
  /// reads `exit` after the lock, since files written under the lock are complete once it is free.
  func stage() throws(Failure) -> Stage {
    let wasStarted = access(started, F_OK) == 0
    guard try isFree() else { return .alive }
    if let ending = read(exit, last: 100) {
      let lines = ending.split(separator: "\n")
      guard let code = lines.first.flatMap({ Int($0) }) else { return .cutShort }
      return .over(exitCode: code, reason: lines.count > 1 ? ConsoleTask.Reason(rawValue: String(lines[1])) : nil)
    }
    return wasStarted ? .cutShort : .fresh
  }

  private func isFree() throws(Failure) -> Bool {
    guard access(path, F_OK) == 0 else { return true }
    return try FileLock.tryLock(lock) != nil
  }

  /// Sends SIGTERM to the monitor, which stops the run at its next safe point. If the monitor was killed, the other
  /// processes of its session get the signal.
  func askToStop() {
    guard let monitor = monitor() else { return }
    let lives = getsid(monitor) == monitor
    if lives { kill(monitor, SIGTERM) } else { ProcessGroup.signal(SIGTERM, session: monitor) }
  }

  /// Whether the monitor was killed while its run continues. `exit` will then never be written.
  var isOrphaned: Bool { monitor().map { getsid($0) != $0 } ?? false }

  private func monitor() -> pid_t? { read(started, last: 20).flatMap { pid_t($0.filter(\.isNumber)) } }

  /// Returns the end of a file, from the start of a line, as text; nil if the file cannot be opened.
  func read(_ file: String, last bytes: Int) -> String? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let start = max(0, size - bytes)
    var buffer = [UInt8](repeating: 0, count: size - start)
    var count = 0
    while count < buffer.count {
      let got = buffer[count...].withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(start + count))
      }
      guard got > 0 else { break }
      count += got
    }
    var content = buffer[..<count]
    if start > 0, let lineEnd = content.firstIndex(of: UInt8(ascii: "\n")) { content = content[(lineEnd + 1)...] }
    return String(decoding: content, as: UTF8.self)
  }

  func remove() throws(Failure) { try Folder.remove(path) }
}
