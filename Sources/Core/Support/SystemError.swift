import Glibc

/// The error of a system call, read before anything else is evaluated.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let code: Int32

  package init(_ code: Int32 = errno) { self.code = code }

  /// What the system calls it, in lower case: `no space left on device`.
  package var description: String { String(cString: strerror(code)).lowercased() }
}

/// A clock that nobody sets: it only goes forward.
package enum MonotonicClock {
  package static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }
}

/// This program's own file.
package enum Executable {
  /// - Throws: where /proc is not mounted.
  package static func path() throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count >= 0 else { throw SystemError() }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
