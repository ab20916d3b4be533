import Foundation

/// The points that a command reached, in order.
struct Trace: Sendable {
  let points: [String]

  static func read(_ path: String) throws -> Trace {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return Trace(points: String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  var counts: [String: Int] { points.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}
