import Glibc

/// The error of a system call. Create it right after the call, before errno can change.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let code: Int32

  package init(_ code: Int32 = errno) { self.code = code }

  /// The system's text in lower case: `no space left on device`.
  package var description: String { String(cString: strerror(code)).lowercased() }
}

/// A clock that cannot be set and only goes forward.
package enum MonotonicClock {
  package static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }
}

/// The file of this program.
package enum Executable {
  /// - Throws: if /proc is not mounted.
  package static func path() throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count >= 0 else { throw SystemError() }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
