import CSupport
import Glibc

/// System calls on files that need a loop.
package enum FileCalls {
  /// Writes all bytes: continues short writes, and repeats interrupted ones.
  ///
  /// - Parameter call: the write itself, which a caller may wrap.
  /// - Throws: the call's error; EIO if it writes nothing and gives no error, since repeating it might never end.
  package static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32,
    by call: (Int32, UnsafeRawBufferPointer) -> Int = { Glibc.write($0, $1.baseAddress, $1.count) }
  ) throws(SystemError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = call(descriptor, rest)
      if count < 0 {
        let error = SystemError()
        if error.code == EINTR { continue }
        throw error
      }
      guard count > 0 else { throw SystemError(EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
      try writeAll(UnsafeRawBufferPointer(bytes), to: descriptor)
    }
  }

  /// Returns the names in a directory, without `.` and `..`, in no particular order.
  ///
  /// - Parameter flags: additional flags for `open`, for instance `O_NOFOLLOW`.
  /// - Throws: also if a read fails in the middle, so that a part of the names never counts as all of them.
  package static func names(inDirectory path: String, flags: Int32 = 0) throws(SystemError) -> [String] {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
    guard descriptor >= 0 else { throw SystemError() }
    guard let directory = fdopendir(descriptor) else {
      let error = SystemError()
      close(descriptor)
      throw error
    }
    defer { closedir(directory) }
    var names: [String] = []
    var code: Int32 = 0
    while let name = registry_next_name(UnsafeMutableRawPointer(directory), &code) {
      names.append(String(cString: name))
    }
    guard code == 0 else { throw SystemError(code) }
    return names
  }
}
