import CommandKit
import Postgres
import Support

enum Deadline {
  /// Returns a check that throws once the time is over.
  static func check(seconds: Double) -> StopCheck {
    let end = MonotonicClock.seconds() + seconds
    return {
      if MonotonicClock.seconds() > end {
        throw Failure(.temporary, "the database did not answer within \(Int(seconds)) s")
      }
    }
  }
}
