import Glibc
import Support

/// The time of a log record, taken once so that all its copies have the same time.
public struct LogTime: Sendable, Equatable {
  public let secondsSince1970: Int
  public let milliseconds: Int

  public init(secondsSince1970: Int, milliseconds: Int) {
    self.secondsSince1970 = secondsSince1970
    self.milliseconds = milliseconds
  }

  public static func now() -> LogTime {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return LogTime(secondsSince1970: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
  }

  public var millisecondsSince1970: Int { secondsSince1970 * 1000 + milliseconds }

  /// `2026-01-28T10:30:00.123+0800`, in the machine's time zone.
  public var text: String {
    let parts = local
    let offset = abs(parts.tm_gmtoff) / 60
    return dateText + "T" + wallText + "." + milliseconds.padded(3) + (parts.tm_gmtoff < 0 ? "-" : "+")
      + (offset / 60).padded(2) + (offset % 60).padded(2)
  }

  /// `2026-01-28T02:30:00.123Z`: RFC 3339, which Go and log collectors read. In UTC, it sorts by time.
  public var rfc3339: String {
    let parts = utc
    return Self.date(parts) + "T" + Self.wall(parts) + "." + milliseconds.padded(3) + "Z"
  }

  /// `2026-01-28`, in the machine's time zone.
  public var dateText: String { Self.date(local) }

  /// `10:30:00`, in the machine's time zone.
  public var wallText: String { Self.wall(local) }

  static let stampLength = 20

  /// `20260128T023000.123Z`: for names of files, which then sort by time.
  var stamp: String {
    let parts = utc
    return (parts.tm_year + 1900).padded(4) + (parts.tm_mon + 1).padded(2) + parts.tm_mday.padded(2) + "T"
      + parts.tm_hour.padded(2) + parts.tm_min.padded(2) + parts.tm_sec.padded(2) + "."
      + milliseconds.padded(3) + "Z"
  }

  /// Parses a time that ``stamp`` wrote; nil for anything else.
  init?(stamp: Substring) {
    let bytes = Array(stamp.utf8)
    func number(_ range: Range<Int>) -> Int32? {
      bytes[range].allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int32(String(decoding: bytes[range], as: UTF8.self)) : nil
    }
    guard bytes.count == Self.stampLength, let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      let milliseconds = number(16..<19)
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
    self.init(secondsSince1970: timegm(&parts), milliseconds: Int(milliseconds))
    guard self.stamp == stamp else { return nil }
  }

  /// The earliest time after this one.
  var next: LogTime {
    milliseconds == 999
      ? LogTime(secondsSince1970: secondsSince1970 + 1, milliseconds: 0)
      : LogTime(secondsSince1970: secondsSince1970, milliseconds: milliseconds + 1)
  }

  private var local: tm {
    var seconds = secondsSince1970
    var parts = tm()
    localtime_r(&seconds, &parts)
    return parts
  }

  private var utc: tm {
    var seconds = secondsSince1970
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return parts
  }

  private static func date(_ parts: tm) -> String {
    (parts.tm_year + 1900).padded(4) + "-" + (parts.tm_mon + 1).padded(2) + "-" + parts.tm_mday.padded(2)
  }

  private static func wall(_ parts: tm) -> String {
    parts.tm_hour.padded(2) + ":" + parts.tm_min.padded(2) + ":" + parts.tm_sec.padded(2)
  }
}
