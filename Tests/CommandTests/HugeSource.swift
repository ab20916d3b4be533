import Glibc

/// A source that is too large for memory, written piece by piece.
struct HugeSource {
  static let header = Array("統一編號,營業人名稱,營業地址\n".utf8)
  /// 1,015 bytes or so make a record.
  private static let padding = Array((",第一號商店," + String(repeating: "路", count: 330) + "\n").utf8)

  let path: String

  /// - Parameter body: given something to write with.
  init(_ path: String, _ body: (([UInt8]) -> Void) -> Void) {
    self.path = path
    guard let file = fopen(path, "w") else { preconditionFailure("cannot write \(path)") }
    body { bytes in fwrite(bytes, 1, bytes.count, file) }
    fclose(file)
  }

  /// Makes the file so long; what was not written is NULs and takes no room.
  func lengthen(to bytes: Int) { truncate(path, bytes) }

  /// The record of that number, from 1: its BAN is its own and has the right check digit.
  static func record(_ number: Int) -> [UInt8] {
    let weights = [1, 2, 1, 2, 1, 2, 4]
    let digits = String(1_000_000 + number).utf8.map { Int($0) - 48 }
    let sum = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 / 10 + $1.0 * $1.1 % 10 }
    return Array("\(1_000_000 + number)\((5 - sum % 5) % 5)".utf8) + padding
  }
}
