import Glibc
import SelfTestKit
import Support
import Testing

@Suite("Waiting for a process")
struct WaitTests {
  @Test("is an error if the process is not a child, and not an exit code of 0")
  func notAChild() {
    // No process is its own child.
    let failure = #expect(throws: Failure.self) { try Programs.wait(for: getpid()) }
    #expect(failure?.message.contains("no child processes") == true)
  }

  @Test("returns the exit code of a child")
  func child() throws {
    let child = try ChildProcess(["/bin/false"], environment: [:]).start()
    #expect(try Programs.wait(for: child) == .exit(1))
  }
}
