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
  private var isFlushed = false

  /// - Parameter mode: permissions, further limited by the umask; by default only for the owner.
  public init(_ path: String, mode: mode_t = 0o600) throws(Failure) {
    self.path = path
    let temporary = Folder.of(path) + "/." + Folder.name(of: path) + ".tmp"
    temporaryPath = temporary
    descriptor = Faults.call(.create, at: path) {
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      let descriptor = open(temporary, flags, mode)
      guard descriptor < 0, errno == EEXIST else { return descriptor }
      guard unlink(temporary) == 0 || errno == ENOENT else { return -1 }
      return open(temporary, flags, mode)
    }
    guard descriptor >= 0 else { throw .system("create '\(path)'", errno: errno) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  /// Requires that a user's file can get its name: a name that is free, or a regular file that may be replaced. The rename
  /// would also replace a device or a link.
  ///
  /// - Parameter option: the option that names the file.
  /// - Throws: category `usage`.
  public static func requireReplaceable(_ path: String, option: String, replaces: Bool) throws(Failure) {
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
