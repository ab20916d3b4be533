/// A refusal of a snapshot by the gate, parsed from the run's error message:
/// `snapshot NAME is refused: REASON; REASON`.
public struct SnapshotRefusal: Sendable, Equatable {
  public let snapshot: String
  /// The reasons with their numbers, as load writes them.
  public let reasons: [String]
  /// Whether an operator may accept the snapshot. One without any accepted record cannot be accepted.
  public let isAcceptable: Bool

  /// Parses an error message; nil if it is not a refusal.
  public init?(_ error: String) {
    let start = "snapshot "
    let middle = " is refused: "
    guard error.hasPrefix(start) else { return nil }
    let named = error.dropFirst(start.count)
    guard let place = Self.find(middle, in: named), Self.isName(named[..<place.lowerBound]) else { return nil }
    let rest = named[place.upperBound...]
    snapshot = String(named[..<place.lowerBound])
    isAcceptable = !Self.unacceptable.contains { rest.hasPrefix($0) }
    reasons = Self.split(rest)
  }

  /// The beginnings of refusals of a snapshot without any accepted record.
  private static let unacceptable = ["not one of its ", "no record follows its header "]

  /// Whether it is a valid snapshot name of the spool. It is checked because it becomes a command argument.
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
