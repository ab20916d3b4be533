import CommandKit
import Spool
import Support
import Testing

@Suite struct WaitTests {
  @Test func aWaitForALockEndsAfterTenMinutes() throws {
    let log = EventLog(stage: "transform", runID: "x")
    nonisolated(unsafe) var now = 100.0
    let check = log.whileWaiting(for: "/spool/.settle.lock") { now }
    for seconds in [100.0, 104, 106, 699] {
      now = seconds
      try check()
    }
    now = 700
    let failure = #expect(throws: Failure.self) { try check() }
    #expect(failure?.category == .temporary && failure?.message.contains("'/spool/.settle.lock'") == true)
  }

  /// For instance a lock of a worker that was stopped, but not ended.
  @Test func aWaitForALockIsLogged() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let path = try workshop.snapshot().path + "/.settle.lock"
    let lock = try FileLock.lock(path)
    let transform = try workshop.start("transform")
    try transform.wait(until: "it reports the lock that it waits for") {
      transform.stderr.contains("another process holds the lock '\(path)'")
    }
    lock.release()
    #expect(try transform.wait().code == 0)
  }
}
