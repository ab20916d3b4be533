import CSupport
import Glibc
import Support
import Synchronization

/// Writes JSON lines to a rotating file that all processes share. Each line is one write at the end of the file. A
/// process that finds the file full opens the next one, with a new name, under a lock.
public final class FileOutput: LogOutput {
  private struct State {
    var descriptor: Int32 = -1
    /// The time in the open file's name.
    var time: LogTime?
    /// Whether a full disk has cut the last line. The next one then begins with a line break.
    var isLineOpen = false
    /// Whether a problem was reported; only the first one is.
    var isTold = false
    /// Whether a lock was waited for; only the first one is.
    var hasWaited = false
  }

  /// Space that is reserved beyond a file's size, for lines that several processes write when it is full.
  private static let spareBytes = 1 << 20

  private let files: LogFiles
  private let bytesMax: Int
  private let state = Mutex(State())

  public init(stem: String, bytesMax: Int = LogFiles.bytesMax) {
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
      "LOG_FILE '\(files.stem)' \(problem): log lines are missing there",
      record.fields.filter { ["run_id", "event_id"].contains($0.key) })
  }

  /// - Returns: the problem; nil if there is none.
  private func append(_ line: String, _ state: inout State) -> String? {
    if files.isDeviceOrFolder { return "is a device, a pipe or a folder, not a prefix of file names" }
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

  /// Makes sure that the open file is the current one and has space.
  ///
  /// - Returns: the problem; nil if there is none.
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

  /// Whether a file is open and was not removed.
  private func isThere(_ state: State) -> Bool {
    var status = stat()
    return state.descriptor >= 0 && fstat(state.descriptor, &status) == 0 && status.st_nlink > 0
  }

  /// Creates the next file, unless another process has just done so.
  private func openNext(_ state: inout State) -> String? {
    files.makeFolder()
    let lock = Glibc.open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard lock >= 0 else {
      let error = SystemError()
      return "cannot be opened: \(error)"
    }
    // A user who can open the lock can hold it.
    _ = fchmod(lock, 0o600)
    defer {
      flock(lock, LOCK_UN)
      close(lock)
    }
    let isPatient = state.descriptor < 0 && !state.hasWaited
    state.hasWaited = state.hasWaited || isPatient
    guard acquire(lock, patiently: isPatient) else {
      // Another process holds the lock and does not release it. A file beyond its size is better than a run that waits.
      return isThere(state) ? nil : "is locked by another process that does not release it"
    }
    let times: [LogTime]
    do throws(SystemError) { times = try files.times() } catch {
      // It is not known which file is the last. A file beyond its size is better than two that are used in turn.
      return isThere(state) ? nil : "cannot be listed: \(error)"
    }
    if let last = times.last, last != state.time, open(last, O_APPEND, &state), hasRoom(state) { return nil }
    let now = LogTime.now()
    // Later than all other files, even if the clock was set back.
    let time = times.last.map { $0.millisecondsSince1970 >= now.millisecondsSince1970 ? $0.next : now } ?? now
    let descriptor = opened(time, O_APPEND | O_CREAT | O_EXCL)
    guard descriptor >= 0 else {
      let error = SystemError()
      return "cannot be opened: \(error)"
    }
    // Space is reserved at once, so that a full disk never cuts a line.
    guard registry_reserve(descriptor, Int64(bytesMax + Self.spareBytes)) else {
      close(descriptor)
      unlink(files.path(time))
      // The open file still has reserved space.
      return hasRoom(state, spare: Self.spareBytes / 2) ? nil : "cannot be written: the disk is full"
    }
    use(descriptor, time, &state)
    files.removeOld()
    return nil
  }

  /// - Parameter patiently: whether to wait up to two seconds for another holder.
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
