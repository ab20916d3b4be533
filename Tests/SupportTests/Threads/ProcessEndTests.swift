import Glibc
import Support
import Testing

@Suite struct ProcessEndTests {
  /// The handlers release what libraries hold, and the thread may be inside of one.
  @Test func afterAJoinThatFailedNoExitHandlerRuns() async {
    await #expect(processExitsWith: .exitCode(7)) {
      atexit { _exit(1) }
      let thread = JoinableThread.start { while true { pause() } }
      #expect(thread?.join(seconds: 0) == false)
      ProcessEnd.exit(7)
    }
  }

  @Test func otherwiseTheyRun() async {
    await #expect(processExitsWith: .exitCode(1)) {
      atexit { _exit(1) }
      #expect(JoinableThread.start {}?.join(seconds: 60) == true)
      ProcessEnd.exit(7)
    }
  }
}
