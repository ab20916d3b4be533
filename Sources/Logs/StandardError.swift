import Glibc
import Support

/// stderr, which takes lines in whole writes, so that those of several processes do not mix.
public enum StandardError {
  public static func write(_ text: String) {
    var text = text
    // Who cannot be told cannot be told why.
    text.withUTF8 { try? FileCalls.writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }
}
