import Dispatch
import Postgres
import Threads

/// Moves a job run's updated_at every few seconds, on a thread and a connection of its own: a statement that takes
/// minutes must not look like a dead run.
final class Heartbeat: Sendable {
  private let access: DatabaseAccess
  private let job: JobRun
  private let over = DispatchSemaphore(value: 0)

  init(_ access: DatabaseAccess, _ job: JobRun, everySeconds: Double) {
    self.access = access
    self.job = job
    BlockingThread.start { [self] in
      while over.wait(timeout: .now() + everySeconds) == .timedOut { beat() }
    }
  }

  func stop() { over.signal() }

  /// A beat that fails is no matter: the load finds out about the database by itself.
  private func beat() {
    guard var session = try? access.open(withinSeconds: 4) else { return }
    _ = try? session.execute("SET lock_timeout = '2s'")
    _ = try? session.execute(
      "UPDATE etl_job_run SET updated_at = clock_timestamp() WHERE id = $1 AND status = 'running'", ["\(job.id)"])
  }
}
