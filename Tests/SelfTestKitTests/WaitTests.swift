import Failures
import Glibc
import SelfTestKit
import Testing

@Suite("How a process ended")
struct WaitTests {
  @Test("is an error where nobody can tell, and not an exit code of 0")
  func notAChild() {
    // No process is its own child.
    let failure = #expect(throws: Failure.self) { try Programs.wait(for: getpid()) }
    #expect(failure?.message.contains("no child processes") == true)
  }

  @Test("is told of a child")
  func child() throws {
    var child = pid_t()
    let word = strdup("false")
    defer { free(word) }
    try #require(posix_spawn(&child, "/bin/false", nil, nil, [word, nil], [nil]) == 0)
    let status = try Programs.wait(for: child)
    #expect(status == 1 << 8)
  }
}
