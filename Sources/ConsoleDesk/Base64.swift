import FoundationEssentials

/// Without padding, as password hashes are written.
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String {
    let text = Data(bytes).base64EncodedString()
    return String(text.prefix { $0 != "=" })
  }

  static func decode(_ text: Substring) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: String(text) + padding).map { Array($0) }
  }
}
