import Dispatch
import Postgres
import Support
import Synchronization

/// Updates a job run's updated_at every few seconds, in a thread and a session of its own: a run whose statement takes
/// minutes must not look dead.
package final class Heartbeat: Sendable {
  private struct Stopped: Error {}

  private let access: DatabaseAccess
  private let job: JobRun
  private let over = DispatchSemaphore(value: 0)
  private let isStopped = Mutex(false)
  private let thread = Mutex<JoinableThread?>(nil)

  init(_ access: DatabaseAccess, _ job: JobRun, everySeconds: Double) {
    var access = access
    access.settings["lock_timeout"] = "2s"
    self.access = access
    self.job = job
    let thread = JoinableThread.start { [self] in
      while over.wait(timeout: .now() + everySeconds) == .timedOut { beat() }
    }
    self.thread.withLock { $0 = thread }
  }

  /// For tests.
  package convenience init(_ databaseURL: String, everySeconds: Double) throws {
    let access = try DatabaseAccess(databaseURL, applicationName: "registry-tests", stop: {})
    self.init(access, JobRun(id: 1), everySeconds: everySeconds)
  }

  /// Ends the current beat and waits for the thread, at most 30 seconds: a DNS lookup cannot be cancelled.
  ///
  /// - Returns: whether the thread has ended.
  @discardableResult
  package func stop() -> Bool {
    isStopped.withLock { $0 = true }
    over.signal()
    return thread.withLock { $0.take() }?.join(seconds: 30) ?? true
  }

  /// Sends one heartbeat. An error is ignored: the load notices a lost database by itself.
  private func beat() {
    let deadline = Deadline.check(seconds: 4)
    var access = access
    access.stop = { [self] in
      if isStopped.withLock({ $0 }) { throw Stopped() }
      try deadline()
    }
    guard var session = try? access.open() else { return }
    _ = try? session.execute(
      "UPDATE etl_job_run SET updated_at = clock_timestamp() WHERE id = $1 AND status = 'running'", ["\(job.id)"])
  }
}
