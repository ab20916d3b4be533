import CommandKit
import Postgres
import Spool
import Support

/// Brings a finalized snapshot into the database.
public enum Load {
  /// Blocks until the registry is equal to the snapshot, or it is known why it cannot be.
  ///
  /// Call it from a thread that may block: a command's main thread, never Swift's cooperative pool.
  ///
  /// - Throws: always a ``Failure``, with its category and hints.
  public static func run(_ settings: LoadSettings) throws -> LoadOutcome {
    do {
      return try settings.snapshot.use {
        var run = try LoadRun(settings)
        return try run.perform()
      }
    } catch { throw Failure(from: error) }
  }
}

/// One load, over as many sessions as it takes.
struct LoadRun {
  let settings: LoadSettings
  var access: DatabaseAccess
  let snapshot: FinalizedSnapshot
  let started = Timestamp.monotonicSeconds()
  /// Seconds to wait before each further attempt.
  private var pauses = [1.0, 2.0, 4.0]
  private var attempts = 0
  /// Whether what is staged turned out to be of no use.
  private var startsOver = false
  /// Whether the job run's row was asked for: it may be there although no answer came.
  private var jobAsked = false
  private var job: JobRun?
  private var heartbeat: Heartbeat?

  init(_ settings: LoadSettings) throws {
    self.settings = settings
    access = try DatabaseAccess(settings.databaseURL, applicationName: settings.applicationName, stop: settings.stop)
    access.faultHook = settings.faultHook
    snapshot = try FinalizedSnapshot(settings.snapshot)
    guard settings.action != .rollback || snapshot.whole else {
      throw Failure(
        .data, "snapshot \(snapshot.id) does not stand for the whole registry: it is a sample, or limited",
        hint: "\(command: .status) lists the snapshots")
    }
  }

  mutating func perform() throws -> LoadOutcome {
    defer { heartbeat?.stop() }
    while true {
      attempts += 1
      do {
        let outcome = try attempt()
        afterwards()
        return outcome
      } catch {
        let failure = Failure(from: (error as? RunLock.Held)?.failure ?? error)
        guard mayBeRetried(error), !pauses.isEmpty else {
          job?.fail(access, failure)
          throw failure
        }
        startsOver = error is StartOver
        let seconds = pauses.removeFirst()
        settings.events(.retrying(reason: failure.message, attempt: attempts, afterSeconds: seconds))
        do { try settings.pause(seconds) } catch {
          job?.fail(access, Failure(from: error))
          throw error
        }
      }
    }
  }

  /// What follows the COMMIT. The snapshot is published: whatever fails here is told, and made up for by the next load.
  private func afterwards() {
    do {
      var session = try access.open()
      try AcceptanceFiles(spool: settings.snapshot.spool).write(&session)
      try FeedFiles(spool: settings.snapshot.spool, stop: settings.stop).write(&session)
    } catch {
      settings.events(
        .trouble(
          "what belongs beside the snapshot is not all written: \(Failure(from: error).message); the next load tries again"
        ))
    }
  }

  /// One session from the lock to the publication. What an earlier one committed is found in the database.
  private mutating func attempt() throws -> LoadOutcome {
    var session = try access.open()
    try Migrator.makeLockable(&session, events: settings.events)
    let lock = try RunLock.acquire(access, graceSeconds: settings.lockGraceSeconds, events: settings.events)
    defer { lock.release() }
    try Migrator.migrate(&session, events: settings.events)
    if job == nil, jobAsked { try adopt(JobRun.find(&session, runID: settings.runID)) }
    if let job, let publication = try Publication.of(job, &session) {
      return outcome(publication, before: try publication.before(&session))
    }
    try JobRun.closeStale(&session, except: job, events: settings.events)

    let last = try Publication.last(&session)
    leaveOvertakenJob(last)
    try requireBase(last, &session)
    try validateAlone(last, &session)
    let corrections = try readCorrections(&session)
    if let last, let outcome = try nothingToDo(last, corrections, &session) { return outcome }
    let job = try openJob(&session)
    if heartbeat == nil { heartbeat = Heartbeat(access, job, everySeconds: settings.heartbeatSeconds) }

    let kind = try chooseKind(&session, last)
    let load = try CurrentLoad.takeOver(
      &session, lock, snapshot, settings.action, kind, job, base: last?.id, anew: settings.comparesAnew || startsOver,
      events: settings.events)
    let workers = BatchWorkers(access: access, count: settings.jobs)
    switch kind {
    case .bulk:
      let publication = try BulkLoad(settings: settings, snapshot: snapshot, workers: workers, load: load)
        .perform(&session)
      return outcome(publication, before: RegistryState(registrations: 0, industries: 0), resumed: load.batchesIn.count)
    case .reconcile:
      let (publication, before) = try ReconcileLoad(
        settings: settings, snapshot: snapshot, workers: workers, load: load, corrections: corrections, last: last
      )
      .perform(&session)
      return outcome(publication, before: before, resumed: load.batchesIn.count)
    }
  }

  /// The run's row: a new one, or in a further attempt the same.
  mutating func openJob(_ session: inout Connection) throws -> JobRun {
    if let job {
      try job.reopen(&session)
      return job
    }
    jobAsked = true
    let job = try JobRun.open(&session, snapshot, settings)
    adopt(job)
    return job
  }

  /// The feed goes by the numbers of the runs: one that another run has overtaken between two attempts goes on as a new one.
  private mutating func leaveOvertakenJob(_ last: Publication?) {
    guard let overtaken = job, let last, last.jobRunID > overtaken.id else { return }
    overtaken.fail(
      access, Failure(.temporary, "job run \(last.jobRunID) published meanwhile: this one goes on as another job run"))
    heartbeat?.stop()
    (job, jobAsked, heartbeat) = (nil, false, nil)
  }

  private mutating func adopt(_ job: JobRun?) {
    self.job = job
    if let job { settings.events(.jobOpened(jobRunID: job.id)) }
  }

  private func mayBeRetried(_ error: any Error) -> Bool {
    switch error {
    // Our own session of an attempt that failed may hold it still; another run's is not waited for.
    case is RunLock.Held: attempts > 1
    case let error as PostgresError: error.kind == .temporary
    default: error is StartOver
    }
  }
}
