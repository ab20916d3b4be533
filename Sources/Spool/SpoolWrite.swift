import Failures
import Faults
import Glibc

/// Bytes of a file of the spool that are written all, or the reason why not.
public enum SpoolWrite {
  /// - Parameter path: the file's name, for the message and for faults.
  public static func bytes(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at path: String) throws(Failure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Faults.write(descriptor, rest, at: path)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("write '\(path)'", errno: errno) }
      // Nothing taken, and no reason given: to try on might be for ever.
      guard count > 0 else { throw .system("write '\(path)'", errno: EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
