import Failures
import Faults
import Glibc

/// Writes all bytes to a file of the spool, or fails.
public enum SpoolWrite {
  /// - Parameter path: the file's name, for the message and for faults.
  public static func bytes(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws(Failure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Faults.write(descriptor, rest, at: path)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("write '\(path)'", errno: errno) }
      // write() wrote nothing without an error: retrying might never end.
      guard count > 0 else { throw .system("write '\(path)'", errno: EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
