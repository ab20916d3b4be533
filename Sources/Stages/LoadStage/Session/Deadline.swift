import CommandKit
import Postgres
import Support

enum Deadline {
  /// A check that throws after the time is over.
  static func check(seconds: Double) -> StopCheck {
    let end = MonotonicClock.seconds() + seconds
    return {
      if MonotonicClock.seconds() > end {
        throw Failure(.temporary, "the database did not answer within \(Int(seconds)) s")
      }
    }
  }
}
