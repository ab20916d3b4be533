import Glibc

/// A large source, written piece by piece.
struct HugeSource {
  static let header = Array("統一編號,營業人名稱,營業地址\n".utf8)
  /// Makes each record about 1,015 bytes long.
  private static let padding = Array((",第一號商店," + String(repeating: "路", count: 330) + "\n").utf8)

  let path: String

  /// - Parameter body: gets a function that appends bytes to the file.
  init(_ path: String, _ body: (([UInt8]) -> Void) -> Void) {
    self.path = path
    guard let file = fopen(path, "w") else { preconditionFailure("cannot write \(path)") }
    body { bytes in fwrite(bytes, 1, bytes.count, file) }
    fclose(file)
  }

  /// Extends the file to a length with a hole, which reads as NULs and takes no disk space.
  func lengthen(to bytes: Int) { truncate(path, bytes) }

  /// Returns record `number`, from 1, with a unique BAN that has the right check digit.
  static func record(_ number: Int) -> [UInt8] {
    let weights = [1, 2, 1, 2, 1, 2, 4]
    let digits = String(1_000_000 + number).utf8.map { Int($0) - 48 }
    let sum = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 / 10 + $1.0 * $1.1 % 10 }
    return Array("\(1_000_000 + number)\((5 - sum % 5) % 5)".utf8) + padding
  }
}
