import FoundationEssentials

/// A page cursor: a position in a sorted list and the reading direction, as text for a URL.
///
/// It is not a secret, and an invented cursor only reads the same list from another position. The checksum rejects
/// links that were cut off or mistyped, which would otherwise show another page.
struct PageCursor: Equatable {
  enum Way: String {
    /// Reads the rows after the position.
    case after = "a"
    /// Reads the rows before the position, the nearest first.
    case before = "b"
  }

  let way: Way
  /// The list that the cursor belongs to. Its values are meaningless in another list.
  let list: String
  let ban: String
  /// The sort key of the row at the position.
  let key: String

  init(_ way: Way, in list: String, key: String, ban: String) {
    self.way = way
    self.list = list
    self.key = key
    self.ban = ban
  }

  /// Parses a cursor.
  ///
  /// - Returns: nil unless the text is exactly what ``text`` returns.
  init?(_ text: String) {
    guard text.utf8.count <= 4096, let data = Data(base64Encoded: Self.standard(text)),
      let content = String(validating: data.dropFirst(Self.checksumBytes), as: UTF8.self)
    else { return nil }
    // The key is last because it may contain commas.
    let parts = content.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let way = Way(rawValue: parts[0]) else { return nil }
    self.init(way, in: parts[1], key: parts[3], ban: parts[2])
    // Compares the checksum and the unused bits of Base64, so that each cursor has exactly one text.
    guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
  }

  var text: String {
    let content = Data("\(way.rawValue),\(list),\(ban),\(key)".utf8)
    return (Data(Self.checksum(content)) + content).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func standard(_ text: String) -> String {
    let text = text.replacing("-", with: "+").replacing("_", with: "/")
    return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
  }

  private static let checksumBytes = 4

  /// FNV-1a, 32 bits.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var hash: UInt32 = 2_166_136_261
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: hash >> $0) }
  }
}
