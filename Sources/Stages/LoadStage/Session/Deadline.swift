import CommandKit
import Postgres
import Support

enum Deadline {
  /// A check that throws once the time is up.
  static func check(seconds: Double) -> StopCheck {
    let end = Timestamp.monotonicSeconds() + seconds
    return {
      if Timestamp.monotonicSeconds() > end {
        throw Failure(.temporary, "the database did not answer within \(Int(seconds)) s")
      }
    }
  }
}
