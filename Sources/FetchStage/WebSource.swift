import Digest
import Failures
import Faults
import HTTP
import Spool
import StageKit

/// A source on the web: attempts, each of which goes on where the one before ended if the server lets it.
struct WebSource {
  let url: String
  let settings: FetchSettings
  let base: Base?
  let log: EventLog

  func fetch() throws -> FetchOutcome {
    let deadline = Clock.monotonicSeconds() + settings.secondsMax
    var download = try WebDownload(self, earlier: try InterruptedDownload.find(settings, log: log))
    var failures = 0
    while true {
      try StopSignal.check()
      let left = deadline - Clock.monotonicSeconds()
      guard left > 0 else { throw outOfTime() }
      let problem: Setback
      do {
        return try download.attempt(secondsLeft: left)
      } catch let setback as Setback {
        problem = setback
      }
      guard failures < settings.retryWaitSeconds.count else {
        throw Failure(
          .temporary, "unable to fetch \(settings.location.shown): \(problem.why), \(failures + 1) times",
          hint: "run the same command again later: it goes on from the chunks that are finished")
      }
      try wait(after: problem, failures: failures, left: left)
      failures += 1
    }
  }

  private func wait(after problem: Setback, failures: Int, left: Double) throws {
    var seconds = settings.retryWaitSeconds[failures] * Double.random(in: 1...1.25)
    if let asked = problem.retryAfterSeconds {
      guard asked <= 60 else {
        throw Failure(
          .temporary, "unable to fetch \(settings.location.shown): \(problem.why), and asks to wait \(asked) s",
          hint: "run the same command again after that")
      }
      seconds = max(seconds, Double(asked))
    }
    if problem.isImmediate { seconds = 0 }
    guard seconds < left else { throw outOfTime() }
    log.warning("\(problem.why): trying again in \(Int(seconds.rounded(.up))) s")
    _ = Faults.at(.before, of: .retry)
    try RetryPause.wait(seconds: seconds)
    _ = Faults.at(.after, of: .retry)
  }

  private func outOfTime() -> Failure {
    Failure(
      .temporary, "unable to fetch \(settings.location.shown) within \(Int(settings.secondsMax)) s",
      hint: "run the same command again: it goes on from the chunks that are finished")
  }
}

/// Why an attempt failed that may be repeated.
struct Setback: Error {
  var why: String
  var retryAfterSeconds: Int?
  /// The server did nothing wrong for now; only the next request must be another.
  var isImmediate = false
}
