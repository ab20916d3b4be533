import Glibc
import Support

/// Times as text, and clocks.
public enum Timestamp {
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
    return utcMilliseconds(now)
  }

  static func utcMilliseconds(_ time: timespec) -> String {
    var (seconds, parts) = (time.tv_sec, tm())
    gmtime_r(&seconds, &parts)
    return date(parts) + "." + (time.tv_nsec / 1_000_000).padded(3) + "Z"
  }

  public static func secondsSince1970() -> Int { time(nil) }

  public static func monotonicSeconds() -> Double { MonotonicClock.seconds() }

  private static func date(_ parts: tm) -> String {
    (parts.tm_year + 1900).padded(4) + "-" + (parts.tm_mon + 1).padded(2) + "-" + parts.tm_mday.padded(2) + "T"
      + parts.tm_hour.padded(2) + ":" + parts.tm_min.padded(2) + ":" + parts.tm_sec.padded(2)
  }
}
