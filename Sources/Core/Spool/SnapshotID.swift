import Glibc
import Support

/// The name of a snapshot: the start of its fetch in UTC and eight random hexadecimal digits, for instance
/// `20260901T211500Z-1f0c9a3e`. Names sort by time.
public struct SnapshotID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let description: String

  /// - Returns: nil if `text` has another form or an impossible time. So an identifier cannot contain a path, and
  ///   always has a successor.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 25, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
      bytes[16] == UInt8(ascii: "-")
    else { return nil }
    for (index, byte) in bytes.enumerated() where ![8, 15, 16].contains(index) {
      let digit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      let letter = index > 16 && byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
      guard digit || letter else { return nil }
    }
    description = text
    guard !text.hasPrefix("9999"), Self.stamp(of: seconds) == text.prefix(16) else { return nil }
  }

  /// Returns a new name that sorts after `newest`, even if the clock was set back or the second is the same.
  public static func next(after newest: SnapshotID?, now: time_t = time(nil)) -> SnapshotID {
    var seconds = now
    if let newest, newest.seconds >= seconds { seconds = newest.seconds + 1 }
    return SnapshotID(seconds: seconds, random: .random(in: .min ... .max))
  }

  private init(seconds: time_t, random: UInt32) {
    description = Self.stamp(of: seconds) + "-" + random.padded(8, radix: 16)
  }

  /// For instance `20260901T211500Z`.
  private static func stamp(of seconds: time_t) -> String {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return (Int(parts.tm_year) + 1900).padded(4) + (Int(parts.tm_mon) + 1).padded(2) + Int(parts.tm_mday).padded(2)
      + "T"
      + Int(parts.tm_hour).padded(2) + Int(parts.tm_min).padded(2) + Int(parts.tm_sec).padded(2) + "Z"
  }

  public static func < (a: SnapshotID, b: SnapshotID) -> Bool { a.description < b.description }

  /// The time in the name, in seconds since 1970.
  private var seconds: time_t {
    let digits = description.utf8.filter {
      $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 > UInt8(ascii: "Z")
    }
    func number(_ from: Int, _ count: Int) -> Int32 {
      digits[from..<from + count].reduce(0) { $0 * 10 + Int32($1 - UInt8(ascii: "0")) }
    }
    var parts = tm()
    parts.tm_year = number(0, 4) - 1900
    parts.tm_mon = number(4, 2) - 1
    parts.tm_mday = number(6, 2)
    parts.tm_hour = number(8, 2)
    parts.tm_min = number(10, 2)
    parts.tm_sec = number(12, 2)
    return timegm(&parts)
  }
}
