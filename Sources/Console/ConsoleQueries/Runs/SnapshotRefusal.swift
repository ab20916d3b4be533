/// That the gate refused a snapshot, and why, as load writes it into the run's error:
/// `snapshot NAME is refused: REASON; REASON`.
public struct SnapshotRefusal: Sendable, Equatable {
  public let snapshot: String
  /// Each with its numbers, in load's own words.
  public let reasons: [String]
  /// Whether somebody may publish it all the same. One without a single accepted record nobody may.
  public let isAcceptable: Bool

  public init?(_ error: String) {
    let start = "snapshot "
    let middle = " is refused: "
    guard error.hasPrefix(start) else { return nil }
    let named = error.dropFirst(start.count)
    guard let place = Self.find(middle, in: named), Self.isName(named[..<place.lowerBound]) else { return nil }
    let rest = named[place.upperBound...]
    snapshot = String(named[..<place.lowerBound])
    isAcceptable = !rest.hasPrefix("not one of its ")
    reasons = Self.split(rest)
  }

  /// As the spool names them: it becomes an argument of a command.
  private static func isName(_ name: Substring) -> Bool {
    (1...64).contains(name.utf8.count) && !name.hasPrefix("-")
      && name.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "-")
      }
  }

  private static func split(_ text: Substring) -> [String] {
    var parts: [String] = []
    var rest = text
    while let place = find("; ", in: rest) {
      parts.append(String(rest[..<place.lowerBound]))
      rest = rest[place.upperBound...]
    }
    return parts + [String(rest)]
  }

  private static func find(_ needle: String, in text: Substring) -> Range<String.Index>? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(needle) { return start..<text.index(start, offsetBy: needle.count) }
      start = text.index(after: start)
    }
    return nil
  }
}
