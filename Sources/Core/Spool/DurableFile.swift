import Digest
import FaultInjection
import Glibc
import Support

/// A file that appears under its name only whole and durable: written under a temporary name, flushed, renamed.
///
/// A handle that is dropped without ``publish()`` or ``seal()`` leaves nothing behind but what a kill leaves: a
/// temporary file (`.NAME.tmp`) that the next writer of the same name overwrites.
public struct DurableFile: ~Copyable {
  public let path: String
  private let temporary: String
  private var descriptor: Int32
  private var isFlushed = false

  /// - Parameter mode: permissions, further limited by the umask; by default the owner only.
  public init(_ path: String, mode: mode_t = 0o600) throws(Failure) {
    self.path = path
    temporary = Folder.of(path) + "/." + Folder.name(of: path) + ".tmp"
    // Another name: a closure cannot take the property of a value that is not yet whole.
    let temporary = temporary
    descriptor = Faults.call(.create, at: path) {
      open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    }
    guard descriptor >= 0 else { throw .system("create '\(path)'", errno: errno) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    isFlushed = false
    try Self.writeAll(bytes, to: descriptor, at: path)
  }

  /// Writes a small file, which appears under its name only whole and durable.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try DurableFile(path)
    try bytes.withUnsafeBytes { try file.write($0) }
    try file.publish()
  }

  /// Writes all bytes to a file of the spool.
  ///
  /// - Parameter path: the file's name, for the message and for faults.
  public static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws(Failure) {
    do throws(SystemError) {
      try FileCalls.writeAll(bytes, to: descriptor) { Faults.write($0, $1, at: path) }
    } catch { throw .system("write '\(path)'", errno: error.code) }
  }

  /// Makes the content so far durable.
  public mutating func flush() throws(Failure) {
    guard !isFlushed else { return }
    guard Faults.call(.flush, at: path, { fsync(descriptor) }) == 0 else {
      throw .system("flush '\(path)'", errno: errno)
    }
    isFlushed = true
  }

  /// Makes the content durable and the name visible. The name itself is durable after ``Folder/sync(_:)``.
  public consuming func seal() throws(Failure) {
    try flush()
    let result = Faults.call(.close, at: path) { close(descriptor) }
    let code = errno
    descriptor = -1
    guard result == 0 else {
      unlink(temporary)
      throw .system("close '\(path)'", errno: code)
    }
    guard Faults.call(.rename, at: path, { rename(temporary, path) }) == 0 else {
      let code = errno
      unlink(temporary)
      throw .system("rename '\(path)'", errno: code)
    }
  }

  /// ``seal()``, and the name is durable too.
  public consuming func publish() throws(Failure) {
    let folder = Folder.of(path)
    try seal()
    try Folder.sync(folder)
  }
}

/// A durable file that knows its size, its SHA-256 and its records while it is written.
///
/// Every append is a write: hand it large pieces.
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

  /// Makes it durable and visible; the name is durable after ``Folder/sync(_:)``.
  ///
  /// - Parameter records: rows or lines, as the caller counted them.
  public consuming func seal(records: Int) throws -> FileEntry {
    let entry = FileEntry(name: Folder.name(of: file.path), bytes: bytes, sha256: hash.finish(), records: records)
    try file.seal()
    return entry
  }
}
