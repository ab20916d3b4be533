#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why a file could not be written.
struct FileError: Error, CustomStringConvertible {
  let description: String

  init(_ what: String, _ path: String) {
    description = "unable to \(what) '\(path)': \(String(cString: strerror(errno)))"
  }
}

/// A file to write to, open only within `write(to:)`.
struct DestinationFile {
  private let descriptor: Int32
  private let path: String

  /// Opens `path` (`-` is standard output), replacing what is there.
  static func write<Result>(to path: String, _ body: (DestinationFile) throws -> Result) throws -> Result {
    if path == "-" { return try body(DestinationFile(descriptor: STDOUT_FILENO, path: path)) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("open", path) }
    let result: Result
    do {
      result = try body(DestinationFile(descriptor: descriptor, path: path))
    } catch {
      close(descriptor)
      throw error
    }
    // Some file systems report a full disk only here.
    guard close(descriptor) == 0 else { throw FileError("write", path) }
    return result
  }

  func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Self.write(descriptor, $0) }
      if count < 0 && errno == EINTR { continue }
      if count == 0 { errno = EIO }
      guard count > 0 else { throw FileError("write", path) }
      written += count
    }
  }

  static func standardError(_ message: String) {
    _ = Array((message + "\n").utf8).withUnsafeBytes { write(STDERR_FILENO, $0) }
  }

  /// The system's `write`, under a name of its own beside the methods of that name.
  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
