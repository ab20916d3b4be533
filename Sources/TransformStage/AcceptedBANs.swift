import Failures
import Glibc
import Spool

/// The BANs of a chunk's registrations, read from its TSV: the first eight bytes of each row.
enum AcceptedBANs {
  static func read(_ path: String, _ body: (UInt32) -> Void) throws {
    guard let file = try OpenFile(path) else { throw Failure(.data, "'\(path)' is damaged: it is missing") }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    /// Bytes of the row that is being read: its first eight are kept, of the rest only the end matters.
    var digits = 0
    var ban: UInt32 = 0
    while true {
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { break }
      try buffer.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        var index = 0
        while index < count {
          if digits < 8 {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw Failure(.data, "'\(path)' is damaged: a row does not begin with a BAN") }
            ban = ban * 10 + UInt32(digit)
            digits += 1
            index += 1
            if digits == 8 { body(ban) }
          } else if let found = memchr(base + index, 0x0A, count - index) {
            index = UnsafeRawPointer(found) - base + 1
            (digits, ban) = (0, 0)
          } else {
            index = count
          }
        }
      }
    }
  }
}
