import Glibc

/// Points in time as text, and durations.
public enum Clock {
  /// `2026-01-28T10:30:00.123+0800`, in the machine's time zone: for log events.
  public static func logTimestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    localtime_r(&now.tv_sec, &parts)
    let offset = abs(parts.tm_gmtoff) / 60
    return date(parts) + "." + two(now.tv_nsec / 1_000_000, width: 3) + (parts.tm_gmtoff < 0 ? "-" : "+")
      + two(offset / 60) + two(offset % 60)
  }

  /// `10:30:00`, in the machine's time zone: for people.
  public static func wallTime() -> String { String(logTimestamp().dropFirst(11).prefix(8)) }

  /// `2026-01-28T02:30:00Z`: for manifests.
  public static func utcTimestamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return date(parts) + "Z"
  }

  public static func secondsSince1970() -> Int { time(nil) }

  /// Seconds on a clock that nobody sets.
  public static func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  private static func date(_ parts: tm) -> String {
    two(Int(parts.tm_year) + 1900, width: 4) + "-" + two(Int(parts.tm_mon) + 1) + "-" + two(Int(parts.tm_mday)) + "T"
      + two(Int(parts.tm_hour)) + ":" + two(Int(parts.tm_min)) + ":" + two(Int(parts.tm_sec))
  }

  private static func two(_ number: Int, width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
