import Glibc
import Support

/// The error of a file that could not be opened or written.
struct FileError: Error, CustomStringConvertible {
  let description: String

  init(_ what: String, _ path: String, _ error: SystemError = SystemError()) {
    description = "unable to \(what) '\(path)': \(error)"
  }
}

/// A file to write to, open only within `write(to:)`.
struct DestinationFile {
  private let descriptor: Int32
  private let path: String

  /// Opens `path` (`-` is standard output), replacing an existing file.
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
    do throws(SystemError) { try FileCalls.writeAll(bytes, to: descriptor) } catch {
      throw FileError("write", path, error)
    }
  }

  static func standardError(_ message: String) {
    try? FileCalls.writeAll(Array((message + "\n").utf8), to: STDERR_FILENO)
  }
}
