import Glibc
import Support

/// Waits between a failed attempt and the next one.
public enum RetryPause {
  /// `RETRY_PAUSE_SECONDS`: replaces the length of every pause. `selftest` sets it to 0.
  ///
  /// - Returns: nil if the variable is not set.
  /// - Throws: category `usage` if it is not a number.
  static func fixedSeconds() throws(Failure) -> Int? {
    try Environment.number(nil, named: "RETRY_PAUSE_SECONDS", variable: "RETRY_PAUSE_SECONDS", in: 0...3600)
  }

  /// Waits. Calls `stop` ten times a second; an error that it throws ends the wait.
  public static func wait(
    seconds: Double, stop: () throws -> Void = { try StopSignal.check() }
  ) throws {
    let end = MonotonicClock.seconds() + (try fixedSeconds().map { Double($0) } ?? seconds)
    while true {
      try stop()
      let left = end - MonotonicClock.seconds()
      if left <= 0 { return }
      usleep(UInt32(min(left, 0.1) * 1_000_000))
    }
  }
}
