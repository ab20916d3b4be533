import Failures
import Glibc

/// Bytes that are written all, or the reason why not.
enum WholeWrite {
  static func bytes(_ bytes: [UInt8], to descriptor: Int32, what: String = "the summary") throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          throw Failure.system("write \(what)", errno: errno)
        }
        // write() wrote nothing without an error: retrying might never end.
        guard count > 0 else { throw Failure.system("write \(what)", errno: EIO) }
        done += count
      }
    }
  }
}
