import Glibc
import Support
import Testing

@Suite struct ProcessEndTests {
  /// Exit handlers free the state of libraries, and the running thread may still use it.
  @Test func noExitHandlerRunsAfterAFailedJoin() async {
    await #expect(processExitsWith: .exitCode(7)) {
      atexit { _exit(1) }
      let thread = JoinableThread.start { while true { pause() } }
      #expect(thread?.join(seconds: 0) == false)
      ProcessEnd.exit(7)
    }
  }

  @Test func exitHandlersRunIfEveryThreadWasJoined() async {
    await #expect(processExitsWith: .exitCode(1)) {
      atexit { _exit(1) }
      #expect(JoinableThread.start {}?.join(seconds: 60) == true)
      ProcessEnd.exit(7)
    }
  }
}
