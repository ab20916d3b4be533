import FaultInjection
import Glibc
import Support

/// Folders of the spool.
public enum Folder {
  /// Returns `a/b` for `a/b/c`, and `.` for `c`.
  public static func of(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Returns `c` for `a/b/c`.
  public static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// Makes a folder durably, in an existing folder. An existing folder stays as it is. Only the owner can read a new
  /// one: findings hold data published by mistake, and a user who can open a lock file can block a run.
  ///
  /// - Parameter followLinks: whether a link to a folder is accepted, as for the spool itself, which may be on another
  ///   disk.
  public static func make(_ path: String, followLinks: Bool = false) throws(Failure) {
    if Faults.call(.makeFolder, at: path, { mkdir(path, 0o700) }) == 0 {
      try sync(of(path))
      return
    }
    guard errno == EEXIST else { throw .system("make folder '\(path)'", errno: errno) }
    var status = stat()
    guard (followLinks ? stat(path, &status) : lstat(path, &status)) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(.storage, "unable to make folder '\(path)': a file with that name exists")
    }
  }

  /// Makes added, removed and changed names in a folder durable.
  public static func sync(_ path: String) throws(Failure) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open folder '\(path)'", errno: errno) }
    defer { close(descriptor) }
    guard Faults.call(.flushFolder, at: path, { fsync(descriptor) }) == 0 else {
      throw .system("flush folder '\(path)'", errno: errno)
    }
  }

  /// Checks, before work begins, that the spool's file system can make names durable and exclude other processes.
  ///
  /// - Parameter lock: a file in it that this process has locked.
  public static func requireFileSystem(_ spool: String, lock: String) throws(Failure) {
    try sync(spool)
    guard try FileLock.tryLock(lock, make: false) == nil else {
      throw Failure(
        .storage, "unable to lock '\(lock)': its file system does not enforce locks", hint: Failure.otherFileSystem)
    }
  }

  /// Returns the names in a folder, sorted; empty if there is no folder.
  ///
  /// - Parameter followLinks: whether a link to a folder is accepted, as for the spool itself. A link inside the spool
  ///   could make this program read, and remove, files elsewhere.
  public static func names(_ path: String, followLinks: Bool = false) throws(Failure) -> [String] {
    do throws(SystemError) {
      return try FileCalls.names(inDirectory: path, flags: followLinks ? 0 : O_NOFOLLOW).sorted()
    } catch {
      if error.code == ENOENT { return [] }
      try requireNoLink(path, unless: followLinks)
      throw .system("list folder '\(path)'", errno: error.code)
    }
  }

  /// - Throws: category `data` if the path is a symbolic link.
  static func requireNoLink(_ path: String, unless mayBe: Bool = false) throws(Failure) {
    var status = stat()
    guard !mayBe, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
    throw Failure(
      .data, "'\(path)' is a symbolic link; the spool may not contain symbolic links",
      hint: SnapshotFolder.redoHint(path, inTheWay: true))
  }

  /// Removes a folder and its content. A symbolic link is removed, not followed.
  public static func remove(_ path: String) throws(Failure) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return try SpoolFile.remove(path) }
    for name in try names(path) {
      let inner = path + "/" + name
      var status = stat()
      guard lstat(inner, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR { try remove(inner) } else { try SpoolFile.remove(inner) }
    }
    guard Faults.call(.removeFolder, at: path, { rmdir(path) }) == 0 || errno == ENOENT else {
      throw .system("remove folder '\(path)'", errno: errno)
    }
  }

  /// Removes a folder if it is empty. It is no error if it has content or does not exist.
  public static func removeIfEmpty(_ path: String) throws(Failure) {
    guard Faults.call(.removeFolder, at: path, { rmdir(path) }) == 0 || [ENOENT, ENOTEMPTY, ENOTDIR].contains(errno)
    else { throw .system("remove folder '\(path)'", errno: errno) }
  }

  /// The size of all files in a folder and below, in bytes.
  public static func weight(_ path: String) throws(Failure) -> Int {
    var bytes = 0
    for name in try names(path) {
      let inner = path + "/" + name
      var status = stat()
      guard lstat(inner, &status) == 0 else { continue }
      bytes += status.st_mode & S_IFMT == S_IFDIR ? try weight(inner) : Int(status.st_size)
    }
    return bytes
  }

  /// Bytes that this user may still write to the file system of `path`.
  public static func freeBytes(_ path: String) throws(Failure) -> Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw .system("read the free space of '\(path)'", errno: errno) }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
