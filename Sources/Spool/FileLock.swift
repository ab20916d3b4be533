import Failures
import Glibc

/// An exclusive lock that the kernel drops when its holder ends, however it ends. The file stays.
public struct FileLock: ~Copyable {
  private let descriptor: Int32

  /// - Parameters:
  ///   - wait: whether to wait for the holder.
  ///   - make: whether to make the file where there is none.
  /// - Returns: nil where another process holds it and `wait` is false, or there is none.
  public init?(_ path: String, wait: Bool = false, make: Bool = true) throws(Failure) {
    descriptor = open(path, O_RDWR | (make ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      if errno == ENOENT, !make { return nil }
      throw .system("open lock '\(path)'", errno: errno)
    }
    while flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK { return nil }
      throw .system("lock '\(path)'", errno: errno)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Runs `body` while the lock is held.
  ///
  /// - Returns: nil, without running it, where another process holds the lock and `wait` is false.
  public static func hold<Result>(_ path: String, wait: Bool = false, _ body: () throws -> Result) throws -> Result? {
    guard let lock = try FileLock(path, wait: wait) else { return nil }
    let result = Swift.Result { try body() }
    lock.release()
    return try result.get()
  }

  private consuming func release() {}
}
