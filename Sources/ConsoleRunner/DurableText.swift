import Spool

enum DurableText {
  /// Writes a small file, which appears under its name only whole and durable.
  static func write(_ text: String, to path: String) throws {
    let bytes = Array(text.utf8)
    var file = try DurableFile(path)
    try bytes.withUnsafeBytes { try file.write($0) }
    try file.publish()
  }
}
