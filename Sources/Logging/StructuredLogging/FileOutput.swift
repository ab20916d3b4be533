import CSupport
import Glibc
import Support
import Synchronization

/// JSON lines in a file that rotates, and that all processes share: each line is one write at its end. Who finds it
/// full opens the next one under a lock, by a new name; five are kept.
public final class FileOutput: LogOutput {
  private struct State {
    var descriptor: Int32 = -1
    /// The time in the open file's name.
    var time: LogTime?
    /// A line that did not fit on the disk was cut: the next one begins on a line of its own.
    var isLineOpen = false
    /// Trouble is told once.
    var isTold = false
    /// So is the lock waited for.
    var hasWaited = false
  }

  public static let bytesMax = 10 << 20
  public static let filesKept = 5
  /// Set aside behind a file's size, for lines that several processes write while it is full.
  private static let spareBytes = 1 << 20

  private let files: LogFiles
  private let bytesMax: Int
  private let state = Mutex(State())

  public init(stem: String, bytesMax: Int = FileOutput.bytesMax) {
    files = LogFiles(stem: stem)
    self.bytesMax = bytesMax
  }

  deinit {
    let descriptor = state.withLock { $0.descriptor }
    if descriptor >= 0 { close(descriptor) }
  }

  public func write(_ record: LogRecord) {
    let line = JSONLine.text(record, path: .file) + "\n"
    let problem = state.withLock { state -> String? in
      let problem = append(line, &state)
      guard let problem, !state.isTold else { return nil }
      state.isTold = true
      return problem
    }
    guard let problem else { return }
    Logs.tellOnStandardError(
      "LOG_FILE '\(files.stem)' \(problem): what is logged is missing there",
      record.fields.filter { ["run_id", "event_id"].contains($0.key) })
  }

  /// - Returns: what went wrong.
  private func append(_ line: String, _ state: inout State) -> String? {
    if files.isDeviceOrFolder { return "is a device, a pipe or a folder, not the beginning of file names" }
    if let problem = openCurrent(&state) { return problem }
    let bytes = Array(((state.isLineOpen ? "\n" : "") + line).utf8)
    let (count, code) = bytes.withUnsafeBytes { bytes -> (Int, Int32) in
      while true {
        let count = Glibc.write(state.descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 || errno != EINTR { return (count, errno) }
      }
    }
    guard count == bytes.count else {
      let reason = count < 0 ? SystemError(code).description : "the disk is full"
      state.isLineOpen = count > 0 || state.isLineOpen
      return "cannot be written: \(reason)"
    }
    state.isLineOpen = false
    return nil
  }

  /// Sees to it that the open file is the current one, and has room.
  private func openCurrent(_ state: inout State) -> String? {
    if hasRoom(state) { return nil }
    if let last = (try? files.times())?.last, last != state.time, open(last, O_APPEND, &state), hasRoom(state) {
      return nil
    }
    return openNext(&state)
  }

  private func hasRoom(_ state: State, spare: Int = 0) -> Bool {
    var status = stat()
    return isThere(state) && fstat(state.descriptor, &status) == 0 && status.st_size < bytesMax + spare
  }

  /// Whether a file is open that nobody has removed.
  private func isThere(_ state: State) -> Bool {
    var status = stat()
    return state.descriptor >= 0 && fstat(state.descriptor, &status) == 0 && status.st_nlink > 0
  }

  /// Makes the next file, unless another process just did.
  private func openNext(_ state: inout State) -> String? {
    files.makeFolder()
    let lock = Glibc.open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard lock >= 0 else {
      let error = SystemError()
      return "cannot be opened: \(error)"
    }
    // Who can open it can hold it.
    _ = fchmod(lock, 0o600)
    defer {
      flock(lock, LOCK_UN)
      close(lock)
    }
    let isPatient = state.descriptor < 0 && !state.hasWaited
    state.hasWaited = state.hasWaited || isPatient
    guard acquire(lock, patiently: isPatient) else {
      // Somebody holds it and does not go on. A file that grows beyond its size is better than a run that waits.
      return isThere(state) ? nil : "is locked by another process that does not go on"
    }
    let times: [LogTime]
    do throws(SystemError) { times = try files.times() } catch {
      // Which is the last is not known: a file that grows is better than two that take turns.
      return isThere(state) ? nil : "cannot be listed: \(error)"
    }
    if let last = times.last, last != state.time, open(last, O_APPEND, &state), hasRoom(state) { return nil }
    let now = LogTime.now()
    // Later than every other one, also where the clock was set back.
    let time = times.last.map { $0.millisecondsSince1970 >= now.millisecondsSince1970 ? $0.next : now } ?? now
    let descriptor = opened(time, O_APPEND | O_CREAT | O_EXCL)
    guard descriptor >= 0 else {
      let error = SystemError()
      return "cannot be opened: \(error)"
    }
    // Room is set aside at once, so that no line is ever cut by a disk that fills up.
    guard registry_reserve(descriptor, Int64(bytesMax + Self.spareBytes)) else {
      close(descriptor)
      unlink(files.path(time))
      // The one that is open has room that was set aside behind its end.
      return hasRoom(state, spare: Self.spareBytes / 2) ? nil : "cannot be written: the disk is full"
    }
    use(descriptor, time, &state)
    files.removeOld(keeping: Self.filesKept)
    return nil
  }

  /// - Parameter patiently: whether to wait for who holds it, a little.
  private func acquire(_ lock: Int32, patiently: Bool) -> Bool {
    for _ in 0..<(patiently ? 100 : 1) {
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
      if patiently { usleep(20_000) }
    }
    return false
  }

  private func open(_ time: LogTime, _ flags: Int32, _ state: inout State) -> Bool {
    let descriptor = opened(time, flags)
    guard descriptor >= 0 else { return false }
    use(descriptor, time, &state)
    return true
  }

  private func opened(_ time: LogTime, _ flags: Int32) -> Int32 {
    Glibc.open(files.path(time), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0o644)
  }

  private func use(_ descriptor: Int32, _ time: LogTime, _ state: inout State) {
    if state.descriptor >= 0 { close(state.descriptor) }
    state.descriptor = descriptor
    state.time = time
    state.isLineOpen = false
  }
}
