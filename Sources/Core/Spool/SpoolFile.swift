import FaultInjection
import Glibc
import Support

/// Reads the spool's files: with a size limit, and never through a symbolic link.
public enum SpoolFile {
  /// Reads a whole file.
  ///
  /// - Returns: nil if there is none.
  public static func read(_ path: String, bytesMax: Int) throws -> [UInt8]? {
    guard let file = try OpenFile(path) else { return nil }
    let size = try file.size()
    guard size <= bytesMax else {
      throw Failure(
        .data, "'\(path)' is damaged: it has \(size) bytes, more than the maximum of \(bytesMax)",
        hint: SnapshotFolder.redoHint(path))
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    guard count == size else {
      throw Failure(.data, "'\(path)' became shorter while it was read", hint: SnapshotFolder.redoHint(path))
    }
    return bytes
  }

  /// Whether a file, or anything else, has this name.
  public static func isThere(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Returns the size of a regular file; nil if there is none.
  public static func size(_ path: String) throws(Failure) -> Int? { try identity(path)?.bytes }

  /// Returns a regular file's identity, to detect another file with its name; nil if there is none.
  public static func identity(_ path: String) throws(Failure) -> FileIdentity? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system("stat '\(path)'", errno: errno)
    }
    try SpoolFile.requireFile(path, status)
    return FileIdentity(status)
  }

  /// - Throws: category `data` if it is not a regular file. A stage that redoes its work does not replace a folder.
  fileprivate static func requireFile(_ path: String, _ status: stat) throws(Failure) {
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFREG else { return }
    throw Failure(
      .data, "'\(path)' is not a regular file", hint: SnapshotFolder.redoHint(path, inTheWay: kind == S_IFDIR))
  }

  /// Removes a file. It is no error if there is none.
  public static func remove(_ path: String) throws(Failure) {
    guard Faults.call(.remove, at: path, { unlink(path) }) == 0 || errno == ENOENT else {
      throw .system("remove '\(path)'", errno: errno)
    }
  }
}

/// The identity of a file and its content, found without reading: another file, another size or a later write changes
/// it.
public struct FileIdentity: Sendable, Hashable {
  public let bytes: Int
  private let inode: UInt
  private let seconds: Int
  private let nanoseconds: Int

  public init(_ status: stat) {
    bytes = Int(status.st_size)
    inode = UInt(status.st_ino)
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}

/// A file open for reading.
public struct OpenFile: ~Copyable {
  public let path: String
  private let descriptor: Int32

  /// - Returns: nil if there is no such file.
  public init?(_ path: String, followLinks: Bool = false) throws(Failure) {
    // Without O_NONBLOCK, opening a named pipe in a file's place would wait.
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followLinks ? 0 : O_NOFOLLOW))
    self.path = path
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      if errno == ELOOP, !followLinks {
        throw Failure(
          .data, "'\(path)' is a symbolic link; the spool may not contain symbolic links",
          hint: SnapshotFolder.redoHint(path))
      }
      throw .system("open '\(path)'", errno: errno)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The file's identity, to detect a change while it is read.
  public func identity() throws(Failure) -> FileIdentity {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("stat '\(path)'", errno: errno) }
    try SpoolFile.requireFile(path, status)
    return FileIdentity(status)
  }

  public func size() throws(Failure) -> Int { try identity().bytes }

  /// Reads until the buffer is full or the file ends.
  ///
  /// - Returns: the number of bytes; fewer than requested only at the end.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("read '\(path)'", errno: errno)
      }
      filled += count
    }
    return filled
  }

  /// Fills the buffer with the bytes at an offset.
  ///
  /// - Throws: category `temporary` if the file ends before.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) {
    var filled = 0
    while filled < buffer.count {
      let count = pread(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, offset + filled)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("read '\(path)'", errno: errno)
      }
      guard count > 0 else { throw Failure(.temporary, "'\(path)' became shorter while it was read") }
      filled += count
    }
  }
}
