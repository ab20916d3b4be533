import CSupport
import Glibc

/// System calls on files that need a loop to be right.
package enum FileCalls {
  /// Writes all bytes: short writes go on, interrupted ones are repeated.
  ///
  /// - Parameter call: the write itself, for a caller that does something beside it.
  /// - Throws: the call's error; EIO where it takes nothing and gives no reason, for trying again might never end.
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

  /// The names in a directory, without `.` and `..`, in no order.
  ///
  /// - Parameter flags: for `open`, besides those that make it a directory's, for instance `O_NOFOLLOW`.
  /// - Throws: also where a read fails in the middle: part of the names is never taken for all of them.
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
