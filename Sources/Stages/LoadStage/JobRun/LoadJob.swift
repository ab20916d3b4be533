import Postgres
import Support

/// The job run of a load, across all of its attempts.
struct LoadJob {
  private enum State {
    /// It has no row in etl_job_run.
    case none
    /// The INSERT was sent. The row may exist although no answer arrived.
    case asked
    case open(JobRun, Heartbeat)
  }

  private let run: LoadRun
  private var state = State.none

  init(_ run: LoadRun) { self.run = run }

  /// The row, if it is known.
  var open: JobRun? { if case .open(let job, _) = state { job } else { nil } }

  /// Looks for the row if its INSERT got no answer.
  mutating func find(_ session: inout Connection) throws {
    guard case .asked = state, let job = try JobRun.find(&session, runID: run.settings.runID) else { return }
    opened(job)
  }

  /// Inserts the row, or reopens it in a further attempt.
  mutating func open(_ session: inout Connection) throws -> JobRun {
    if let open {
      if try open.reopen(&session, runID: run.settings.runID) { return open }
      run.settings.events(
        .note(
          "\(session.place) no longer has job run \(open.id), as after a failover: the load starts again in a new job run"
        ))
      stopHeartbeat()
    }
    state = .asked
    let job = try JobRun.open(&session, run.snapshot, run.settings)
    opened(job)
    return job
  }

  /// Closes the row as failed if another run published since it was opened. The feed is ordered by job run ID, so this
  /// load needs a higher one.
  mutating func leaveIfOvertaken(by last: Publication?) {
    guard let open, let last, last.jobRunID > open.id else { return }
    fail(Failure(.temporary, "job run \(last.jobRunID) was published first; this load continues as a new job run"))
    stopHeartbeat()
    state = .none
  }

  /// Closes the row as failed.
  func fail(_ failure: Failure) { open?.fail(run.access, failure) }

  func stopHeartbeat() { if case .open(_, let heartbeat) = state { heartbeat.stop() } }

  private mutating func opened(_ job: JobRun) {
    state = .open(job, Heartbeat(run.access, job, everySeconds: run.settings.limits.heartbeatSeconds))
    run.settings.events(.jobOpened(jobRunID: job.id))
  }
}
