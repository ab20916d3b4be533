import Glibc
import Support

/// The wait between an attempt that failed and the next.
public enum RetryPause {
  /// How long every pause is instead of what its stage asks for: `RETRY_PAUSE_SECONDS`, which `selftest` sets to 0.
  ///
  /// - Throws: category `usage` where the variable is no number.
  static func fixedSeconds() throws(Failure) -> Int? {
    try Environment.number(nil, named: "RETRY_PAUSE_SECONDS", variable: "RETRY_PAUSE_SECONDS", in: 0...3600)
  }

  /// Waits, and ends early by throwing what `stop` throws: it is asked ten times a second.
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
