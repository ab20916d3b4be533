import CommandKit
import FaultInjection
import Glibc
import Support
import Testing

@Suite("The pause before another attempt")
struct RetryPauseTests {
  /// The second stop check, a tenth of a second later, stops the wait: so the pause did wait.
  @Test("is not shortened by a plan of faults")
  func withAPlan() async {
    await #expect(processExitsWith: .success) {
      setenv("REGISTRY_FAULT", "trace@/dev/null", 1)
      try Faults.begin([])
      var asked = 0
      let failure = #expect(throws: Failure.self) {
        try RetryPause.wait(seconds: 3600) {
          asked += 1
          if asked == 2 { throw Failure(.temporary, "stopped") }
        }
      }
      exit(failure?.message == "stopped" ? 0 : 1)
    }
  }

  @Test("is taken from RETRY_PAUSE_SECONDS, if set", .timeLimit(.minutes(1)))
  func fixed() async {
    await #expect(processExitsWith: .success) {
      setenv("RETRY_PAUSE_SECONDS", "0", 1)
      try RetryPause.wait(seconds: 3600)
      setenv("RETRY_PAUSE_SECONDS", "soon", 1)
      let failure = #expect(throws: Failure.self) { try RetryPause.wait(seconds: 0) }
      exit(failure?.category == .usage ? 0 : 1)
    }
  }
}
