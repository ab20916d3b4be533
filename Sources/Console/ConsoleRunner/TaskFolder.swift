import ConsoleStore
import Glibc
import Spool
import Support

/// What is on disk of a task, `<spool>/.console/tasks/<number>-<when it was queued>/`. It tells whether its run was
/// begun, goes on, or is over, whatever became of the console meanwhile:
///
/// | file | |
/// |---|---|
/// | `lock` | locked for as long as any process of the run lives |
/// | `started` | made once, before `pipeline.sh` is started: who finds it never starts the run again. Holds the monitor's pid |
/// | `log` | what the run writes to stderr, JSON lines |
/// | `summary` | what it writes to stdout |
/// | `stop` | made before the monitor gets its signal, if somebody asked for a stop |
/// | `exit` | its exit code and, on a second line, why it was stopped, if the monitor did so. Written last |
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

  /// How far a run is.
  enum Stage: Equatable {
    /// Nothing was begun: it may be.
    case fresh
    /// A process of it lives.
    case alive
    /// It was begun, no process of it lives, and nobody said how it ended.
    case cutShort
    case over(exitCode: Int, reason: ConsoleTask.Reason?)
  }

  func make() throws(Failure) { try Folder.make(path) }

  /// Looks at `started` before the lock, and at `exit` behind it: a run that begins meanwhile is fresh or alive then,
  /// and what is written under the lock is complete once it is free.
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

  /// Tells the run to end at the next safe place. Where the monitor itself was killed, its session's processes are
  /// told.
  func askToStop() {
    guard let monitor = monitor() else { return }
    let lives = getsid(monitor) == monitor
    if lives { kill(monitor, SIGTERM) } else { ProcessGroup.signal(SIGTERM, session: monitor) }
  }

  /// Whether the monitor was killed, while what it started goes on: nobody will tell how that ends.
  var isOrphaned: Bool { monitor().map { getsid($0) != $0 } ?? false }

  private func monitor() -> pid_t? { read(started, last: 20).flatMap { pid_t($0.filter(\.isNumber)) } }

  /// The end of a file, from a line's start, as text; nil where there is none.
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
