import Glibc

/// Points in time as text, and durations.
public enum Clock {
  /// `2026-01-28T02:30:00Z`: for manifests.
  public static func utcTimestamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return date(parts) + "Z"
  }

  /// `2026-01-28T02:30:00.123Z`: for runs, several of which may begin in one second.
  static func utcMilliseconds(secondsFromNow: Int = 0) -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    now.tv_sec += secondsFromNow
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    return date(parts) + "." + two(now.tv_nsec / 1_000_000, width: 3) + "Z"
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
