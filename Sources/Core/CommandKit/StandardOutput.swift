import Glibc
import Support

/// Descriptors 0, 1 and 2.
public enum StandardFiles {
  /// Opens the closed ones on /dev/null. Otherwise the next file or connection would get one of their numbers, and log
  /// lines would be written into it.
  public static func open() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 { _ = Glibc.open("/dev/null", O_RDWR) }
  }
}

/// Writes text of any length to stdout, in blocks.
public struct StandardOutput: ~Copyable {
  private var block: [UInt8] = []
  private static let blockBytes = 1 << 16

  /// Restores SIGPIPE's default: if the reader ends (`| head`), the process ends silently, as other listing programs
  /// do.
  public init() { signal(SIGPIPE, SIG_DFL) }

  public mutating func write(_ text: some Sequence<UInt8>) throws {
    block.append(contentsOf: text)
    if block.count >= Self.blockBytes { try flush() }
  }

  public mutating func write(line: String) throws { try write((line + "\n").utf8) }

  /// Writes the rest of the text. Call it at the end: no other call does.
  public mutating func flush() throws {
    try Self.write(block, what: "to stdout")
    block.removeAll(keepingCapacity: true)
  }

  /// Writes what `print` has buffered.
  ///
  /// - Throws: category `storage` if the text cannot be written.
  public static func requireWritten() throws(Failure) {
    guard fflush(nil) == 0 else { throw .system("write to stdout", errno: errno) }
  }

  static func write(_ bytes: [UInt8], what: String) throws(Failure) {
    do throws(SystemError) { try FileCalls.writeAll(bytes, to: STDOUT_FILENO) } catch {
      throw .system("write \(what)", errno: error.code)
    }
  }
}
