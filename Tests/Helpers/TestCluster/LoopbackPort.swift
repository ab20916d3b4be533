import Glibc

/// A listening socket on 127.0.0.1.
struct LoopbackPort {
  let descriptor: Int32
  let number: Int

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    guard isListening else {
      let why = String(cString: strerror(errno))
      Glibc.close(descriptor)
      throw Shell.Failed(description: "no port: \(why)")
    }
    number = Int(UInt16(bigEndian: address.sin_port))
  }

  func close() { _ = Glibc.close(descriptor) }

  /// Returns a port that was free a moment ago.
  static func free() throws -> Int {
    let port = try LoopbackPort()
    port.close()
    return port.number
  }
}
