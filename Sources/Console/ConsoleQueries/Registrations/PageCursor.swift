import FoundationEssentials

/// A place in a sorted list, and which way the list is read on from it, as text for a URL.
///
/// It is no secret and protects nothing: whoever makes one up reads the same list from another place. The checksum is
/// there so that a link that was cut off or mistyped is refused rather than silently shows another page.
struct PageCursor: Equatable {
  enum Way: String {
    /// What comes after it.
    case after = "a"
    /// What comes before it, the nearest first.
    case before = "b"
  }

  let way: Way
  /// Which list it is a place in: its values mean something there alone.
  let list: String
  let ban: String
  /// What the list is sorted by, of the row at this place.
  let key: String

  init(_ way: Way, in list: String, key: String, ban: String) {
    self.way = way
    self.list = list
    self.key = key
    self.ban = ban
  }

  /// - Returns: nil where the text is not exactly what ``text`` gives.
  init?(_ text: String) {
    guard text.utf8.count <= 4096, let data = Data(base64Encoded: Self.standard(text)),
      let content = String(validating: data.dropFirst(Self.checksumBytes), as: UTF8.self)
    else { return nil }
    // The key stands last: it may hold anything.
    let parts = content.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let way = Way(rawValue: parts[0]) else { return nil }
    self.init(way, in: parts[1], key: parts[3], ban: parts[2])
    // The checksum is compared with it, and bits of Base64 that mean nothing are: one place is one text.
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
