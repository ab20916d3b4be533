import Postgres
import Synchronization

/// The progress of the batches, which several workers finish out of order.
final class ImportProgress: Sendable {
  private struct State {
    var finished: Set<Int> = []
    /// This batch and all before it are loaded.
    var lastSuccessful = 0
    /// Highest batch that was started.
    var current = 0
  }

  private let job: JobRun
  private let state = Mutex(State())

  init(_ job: JobRun) { self.job = job }

  func begin(_ batch: Int) { state.withLock { $0.current = max($0.current, batch) } }

  /// Notes a batch that is loaded, and writes the progress. A load resumes from load_batch, so this write may be late.
  func finish(_ batch: Int, _ session: inout Connection) throws {
    let (last, current) = state.withLock { state in
      state.finished.insert(batch)
      while state.finished.remove(state.lastSuccessful + 1) != nil { state.lastSuccessful += 1 }
      return (state.lastSuccessful, state.current)
    }
    try session.execute(
      """
      UPDATE import_progress SET last_successful_batch = GREATEST(last_successful_batch, $2::int),
        current_batch = GREATEST(current_batch, $3::int), updated_at = clock_timestamp()
      WHERE job_run_id = $1
      """, ["\(job.id)", "\(last)", "\(current)"])
  }
}
