import Failures
import Postgres
import StageKit

enum Deadline {
  /// A check that throws once the time is up.
  static func check(seconds: Double) -> StopCheck {
    let end = Clock.monotonicSeconds() + seconds
    return {
      if Clock.monotonicSeconds() > end {
        throw Failure(.temporary, "the database did not answer within \(Int(seconds)) s")
      }
    }
  }
}
