import Digest
import FaultInjection
import Glibc
import Support

/// A file that gets its name only when it is complete and durable: written under a temporary name, flushed, renamed.
///
/// A handle that is dropped without ``publish()`` or ``seal()`` removes the temporary file (`.NAME.tmp`). A kill leaves
/// it, and the next writer of the same name replaces it: in a shared folder it may be another user's file.
public struct DurableFile: ~Copyable {
  public let path: String
  /// Where the content is until the file has its name.
  public let temporaryPath: String
  private var descriptor: Int32
  /// The same open file, to hold its lock until it has its name; -1 if it is not locked.
  private var lock: Int32 = -1
  private var isFlushed = false

  /// - Parameters:
  ///   - mode: permissions, further limited by the umask; by default only for the owner.
  ///   - isExclusive: whether to refuse a second writer. In the spool, writers have locks of their own.
  /// - Throws: category `temporary` if another process is writing the file and `isExclusive` is true.
  public init(_ path: String, mode: mode_t = 0o600, isExclusive: Bool = false) throws(Failure) {
    self.path = path
    let temporary = Folder.of(path) + "/." + Folder.name(of: path) + ".tmp"
    temporaryPath = temporary
    descriptor = -1
    if isExclusive { try Self.removeLeftover(temporary, of: path) }
    descriptor = Faults.call(.create, at: path) {
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      let descriptor = open(temporary, flags, mode)
      guard descriptor < 0, errno == EEXIST, !isExclusive else { return descriptor }
      guard unlink(temporary) == 0 || errno == ENOENT else { return -1 }
      return open(temporary, flags, mode)
    }
    guard descriptor >= 0 else {
      let code = errno
      throw code == EEXIST ? Self.isBeingWritten(path) : .system("create '\(path)'", errno: code)
    }
    guard isExclusive else { return }
    lock = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    // Another process may have taken the new file for a leftover.
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, Self.isFile(lock, at: temporary) else {
      close(descriptor)
      descriptor = -1
      throw Self.isBeingWritten(path)
    }
  }

  /// Removes a temporary file that no process writes any more.
  private static func removeLeftover(_ temporary: String, of path: String) throws(Failure) {
    let found = open(temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard found >= 0 else { return }
    defer { close(found) }
    // Another process may have removed the file and created its own in the meantime.
    guard flock(found, LOCK_EX | LOCK_NB) == 0, isFile(found, at: temporary) else { throw isBeingWritten(path) }
    unlink(temporary)
  }

  /// Whether an open file still has the name.
  private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var (open, named) = (stat(), stat())
    return fstat(descriptor, &open) == 0 && lstat(path, &named) == 0 && open.st_ino == named.st_ino
      && open.st_dev == named.st_dev
  }

  private static func isBeingWritten(_ path: String) -> Failure {
    Failure(
      .temporary, "another process is writing '\(path)'",
      hint: "wait for it to end, then run the same command again, or name another file")
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
    if lock >= 0 { close(lock) }
  }

  /// Requires that a user's file can get its name: a name that is free, or a regular file that may be replaced. The rename
  /// would also replace a device or a link.
  ///
  /// - Parameter option: the option that names the file.
  /// - Throws: category `usage`.
  /// - Returns: the permissions that the file has, or else those of a new one.
  @discardableResult
  public static func requireReplaceable(
    _ path: String, option: String, replaces: Bool
  ) throws(Failure) -> mode_t {
    let hint: Hint = "name a file to write"
    guard !Folder.name(of: path).isEmpty, path != "-" else {
      throw Failure(.usage, "\(option) '\(path)' names no file", hint: hint)
    }
    let size: Int?
    do throws(Failure) { size = try SpoolFile.size(path) } catch {
      guard error.category == .data else { throw error }
      throw Failure(.usage, "\(option) '\(path)' exists and is not a regular file", hint: hint)
    }
    guard size == nil || replaces else {
      throw Failure(
        .usage, "\(option) '\(path)' exists already; nothing was written",
        hint: "name another file; --force replaces this file, with all changes made to it")
    }
    var status = stat()
    return size != nil && stat(path, &status) == 0 ? status.st_mode & 0o777 : 0o644
  }

  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    isFlushed = false
    try Self.writeAll(bytes, to: descriptor, at: path)
  }

  /// Writes a small file, which gets its name only when it is complete and durable.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try DurableFile(path)
    try bytes.withUnsafeBytes { try file.write($0) }
    try file.publish()
  }

  /// Writes all bytes to a file of the spool.
  ///
  /// - Parameter path: the file's name, for messages and faults.
  public static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws(Failure) {
    do throws(SystemError) {
      try FileCalls.writeAll(bytes, to: descriptor) { Faults.write($0, $1, at: path) }
    } catch { throw .system("write '\(path)'", errno: error.code) }
  }

  /// Makes the content written so far durable.
  public mutating func flush() throws(Failure) {
    guard !isFlushed else { return }
    guard Faults.call(.flush, at: path, { fsync(descriptor) }) == 0 else {
      throw .system("flush '\(path)'", errno: errno)
    }
    isFlushed = true
  }

  /// Makes the content durable and gives the file its name. The name itself is durable after ``Folder/sync(_:)``.
  public consuming func seal() throws(Failure) {
    try flush()
    let result = Faults.call(.close, at: path) { close(descriptor) }
    let code = errno
    descriptor = -1
    guard result == 0 else {
      unlink(temporaryPath)
      throw .system("close '\(path)'", errno: code)
    }
    guard Faults.call(.rename, at: path, { rename(temporaryPath, path) }) == 0 else {
      let code = errno
      unlink(temporaryPath)
      throw .system("rename '\(path)'", errno: code)
    }
  }

  /// Does the same as ``seal()``, and makes the name durable.
  public consuming func publish() throws(Failure) {
    let folder = Folder.of(path)
    try seal()
    try Folder.sync(folder)
  }
}

/// A durable file that computes its size and SHA-256 while it is written.
///
/// Every append is a write call: pass large pieces.
public struct HashedFile: ~Copyable {
  private var file: DurableFile
  private var hash = SHA256()
  private var bytes = 0

  public init(_ path: String) throws(Failure) { file = try DurableFile(path) }

  public mutating func append(_ data: UnsafeRawBufferPointer) throws {
    guard !data.isEmpty else { return }
    hash.update(data)
    try file.write(data)
    bytes += data.count
  }

  /// Makes the content durable and gives the file its name. The name is durable after ``Folder/sync(_:)``.
  ///
  /// - Parameter records: the number of rows or lines.
  public consuming func seal(records: Int) throws -> FileEntry {
    let entry = FileEntry(name: Folder.name(of: file.path), bytes: bytes, sha256: hash.finish(), records: records)
    try file.seal()
    return entry
  }
}
