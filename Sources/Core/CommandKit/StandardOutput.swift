import Glibc
import Support

/// Descriptors 0, 1 and 2.
public enum StandardFiles {
  /// Opens those that are closed on /dev/null. The next file or connection would otherwise get one of their numbers,
  /// and every line of the log would be written into it.
  public static func open() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 { _ = Glibc.open("/dev/null", O_RDWR) }
  }
}

/// stdout for text of any length: gathered in blocks, each written whole.
public struct StandardOutput: ~Copyable {
  private var block: [UInt8] = []
  private static let blockBytes = 1 << 16

  /// A reader that goes away (`| head`) ends the process without a word, as it ends other programs that list things.
  public init() { signal(SIGPIPE, SIG_DFL) }

  public mutating func write(_ text: some Sequence<UInt8>) throws {
    block.append(contentsOf: text)
    if block.count >= Self.blockBytes { try flush() }
  }

  public mutating func write(line: String) throws { try write((line + "\n").utf8) }

  /// Nothing is written behind this call's back: what was gathered last goes out here.
  public mutating func flush() throws {
    try Self.write(block, what: "to stdout")
    block.removeAll(keepingCapacity: true)
  }

  /// Writes out what `print` has gathered.
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
