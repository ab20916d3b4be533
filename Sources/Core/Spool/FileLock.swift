import FaultInjection
import Glibc
import Support

/// A lock that the kernel releases when its holder ends, however it ends. The file stays.
public struct FileLock: ~Copyable, Sendable {
  private let descriptor: Int32

  /// Takes the lock; waits while another process holds it.
  ///
  /// - Parameters:
  ///   - shared: whether other processes may share the lock. An exclusive lock excludes all others.
  ///   - stop: called again and again during the wait; an error that it throws ends the wait.
  public static func lock(
    _ path: String, shared: Bool = false, stop: () throws(Failure) -> Void = {}
  ) throws(Failure) -> FileLock {
    let lock = try FileLock(open(path, shared, make: true), path, make: true)
    while try !lock.isLocked(path, shared) {
      // A wait in the kernel could not be ended: the signal may reach another thread.
      try stop()
      usleep(20_000)
    }
    return lock
  }

  /// Takes the lock if it is free.
  ///
  /// - Parameters:
  ///   - shared: whether other processes may share the lock. An exclusive lock excludes all others.
  ///   - make: whether to create the file if there is none.
  /// - Returns: nil if another process holds it, or there is no file.
  public static func tryLock(
    _ path: String, shared: Bool = false, make: Bool = true
  ) throws(Failure) -> FileLock? {
    let descriptor = open(path, shared, make: make)
    if descriptor < 0, errno == ENOENT, !make { return nil }
    let lock = try FileLock(descriptor, path, make: make)
    guard try lock.isLocked(path, shared) else { return nil }
    return lock
  }

  private static func open(_ path: String, _ shared: Bool, make: Bool) -> Int32 {
    // A process that only shares the lock need not own the file. Without O_NONBLOCK, opening a named pipe in its place
    // would wait.
    let flags = (shared ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    return make ? Faults.call(.create, at: path) { Glibc.open(path, flags | O_CREAT, 0o600) } : Glibc.open(path, flags)
  }

  private init(_ descriptor: Int32, _ path: String, make: Bool) throws(Failure) {
    guard descriptor >= 0 else { throw .system("open lock '\(path)'", errno: errno) }
    self.descriptor = descriptor
    // A user who can open the file can lock it. Older versions gave all users access; that stays if another user owns
    // it.
    if make { _ = fchmod(descriptor, 0o600) }
  }

  private func isLocked(_ path: String, _ shared: Bool) throws(Failure) -> Bool {
    while flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { throw .system("lock '\(path)'", errno: errno) }
      return false
    }
    return true
  }

  deinit {
    // Unlock explicitly: a lock that is only closed lasts as long as the last copy of its descriptor. A child process
    // that another thread is starting has a copy until it executes its program.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Runs `body`, then releases the lock.
  public consuming func hold<Result>(_ body: () throws -> Result) throws -> Result {
    let result = Swift.Result { try body() }
    release()
    return try result.get()
  }

  /// Releases the lock here, not after the compiler's last use of it.
  public consuming func release() {}
}
