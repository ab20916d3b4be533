import Failures
import Faults
import Glibc

/// A lock that the kernel drops when its holder ends, however it ends. The file stays.
public struct FileLock: ~Copyable, Sendable {
  private let descriptor: Int32

  /// - Parameters:
  ///   - wait: whether to wait for the holder.
  ///   - shared: whether others may hold it too, as long as nobody wants it alone.
  ///   - make: whether to make the file where there is none.
  ///   - stop: asked again and again while the holder is waited for; throwing ends the wait.
  /// - Returns: nil where another process holds it and `wait` is false, or there is none.
  public init?(
    _ path: String, wait: Bool = false, shared: Bool = false, make: Bool = true,
    stop: () throws(Failure) -> Void = {}
  ) throws(Failure) {
    // Who only shares it need not own it.
    // Without O_NONBLOCK a named pipe in its place would be waited for.
    let flags = (shared ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    descriptor =
      make ? Faults.call(.create, at: path) { open(path, flags | O_CREAT, 0o600) } : open(path, flags)
    guard descriptor >= 0 else {
      if errno == ENOENT, !make { return nil }
      throw .system("open lock '\(path)'", errno: errno)
    }
    // A user who can open the file can lock it. Older versions made it open to everybody; it stays so if another user
    // owns it.
    if make { _ = fchmod(descriptor, 0o600) }
    while flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { throw .system("lock '\(path)'", errno: errno) }
      guard wait else { return nil }
      // A wait in the kernel could not be ended: the signal may reach another thread.
      try stop()
      usleep(20_000)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    // By name: a child that another thread is just starting has a copy of the descriptor until it is another program, and a
    // lock that is only closed lasts as long as the last copy.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Runs `body` while the lock is held.
  ///
  /// - Returns: nil, without running it, where ``init(_:wait:shared:make:stop:)`` gives nil.
  public static func hold<Result>(
    _ path: String, wait: Bool = false, shared: Bool = false, make: Bool = true,
    stop: () throws(Failure) -> Void = {}, _ body: () throws -> Result
  ) throws -> Result? {
    guard let lock = try FileLock(path, wait: wait, shared: shared, make: make, stop: stop) else { return nil }
    let result = Swift.Result { try body() }
    lock.release()
    return try result.get()
  }

  /// Releases the lock here, not after the compiler's last use of it.
  public consuming func release() {}
}
