import Failures
import Postgres
import StageKit

/// Brings a settled snapshot into the database.
public enum Load {
  /// Blocks until the registry is equal to the snapshot, or it is known why it cannot be.
  ///
  /// Call it from a thread that may block: a command's main thread, never Swift's cooperative pool.
  ///
  /// - Throws: always a ``Failure``, with the verdict and the hints of the contract.
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
  private let settings: LoadSettings
  private let access: DatabaseAccess
  private let snapshot: SettledSnapshot
  private let started = Clock.monotonicSeconds()
  /// Seconds to wait before each further attempt.
  private var pauses = [1.0, 2.0, 4.0]
  private var attempts = 0
  /// Whether the job run's row was asked for: it may be there although no answer came.
  private var jobAsked = false
  private var job: JobRun?
  private var heartbeat: Heartbeat?

  init(_ settings: LoadSettings) throws {
    self.settings = settings
    access = try DatabaseAccess(settings.databaseURL, applicationName: settings.applicationName, stop: settings.stop)
    snapshot = try SettledSnapshot(settings.snapshot)
    guard settings.action != .rollback || snapshot.whole else {
      throw Failure(
        .data, "snapshot \(snapshot.id) does not stand for the whole registry: it is a sample, or limited",
        hint: "./pipeline.sh status lists the snapshots")
    }
  }

  mutating func perform() throws -> LoadOutcome {
    defer { heartbeat?.stop() }
    while true {
      attempts += 1
      do {
        let outcome = try attempt()
        afterwards(outcome)
        return outcome
      } catch {
        let failure = Failure(from: (error as? RunLock.Held)?.failure ?? error)
        guard mayBeRetried(error), !pauses.isEmpty else {
          job?.fail(access, failure)
          throw failure
        }
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
  private func afterwards(_ outcome: LoadOutcome) {
    do {
      if let acceptance = settings.acceptance, !outcome.refusals.isEmpty {
        try acceptance.record(outcome.refusals, in: settings.snapshot)
      }
      var session = try access.open()
      try FeedFiles(spool: settings.snapshot.spool, stop: settings.stop).write(&session)
    } catch {
      settings.events(
        .trouble("the change feed's file is not written: \(Failure(from: error).message); the next load makes up for it"))
    }
  }

  /// One session from the lock to the publication. What an earlier one committed is found in the database.
  private mutating func attempt() throws -> LoadOutcome {
    var session = try access.open()
    try settings.point(.connected)
    try RunLock.take(&session, graceSeconds: settings.lockGraceSeconds)
    try Migrator.migrate(&session, events: settings.events)
    if job == nil, jobAsked { try adopt(JobRun.find(&session, runID: settings.runID)) }
    if let job, let publication = try Publication.of(job, &session) { return outcome(publication, before: nil) }
    try JobRun.closeStale(&session, except: job, events: settings.events)

    let last = try Publication.last(&session)
    guard last != nil || settings.action == .load else {
      throw Failure(.notReady, "\(session.place): nothing was ever published here", hint: "./pipeline.sh load")
    }
    try judgeAlone(last, &session)
    let corrections = try readCorrections(&session)
    if let last, let outcome = try nothingToDo(last, corrections, &session) { return outcome }
    let job = try openJob(&session)
    if heartbeat == nil { heartbeat = Heartbeat(access, job, everySeconds: settings.heartbeatSeconds) }

    let kind = try chooseKind(&session, last)
    let load = try CurrentLoad.takeOver(
      &session, snapshot, kind, job, base: last?.id, anew: settings.comparesAnew, events: settings.events)
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

  /// What can be said of the snapshot without looking at the registry. One that is refused leaves a trace in the database.
  private mutating func judgeAlone(_ last: Publication?, _ session: inout Connection) throws {
    do {
      try RejectBudget.requireAccepted(snapshot.totals, of: settings.snapshot)
      // Where there is something to compare with, all reasons are told together.
      if last == nil { try settings.accept(settings.budgetRefusals(snapshot), of: snapshot) }
    } catch {
      _ = try openJob(&session)
      throw error
    }
  }

  private func readCorrections(_ session: inout Connection) throws -> Corrections {
    var corrections = try Corrections.read(&session)
    if let records = settings.sheet?.records {
      corrections.put(records, held: try RegistryContent.hashes(of: records.map(\.ban), &session))
    }
    if let ban = settings.withdrawn.first(where: { corrections.inForce[$0] == nil }) {
      throw Failure(
        .data, "\(session.place): no correction of \(BANText.text(ban)) is in force",
        hint: "SELECT ban, corrected_at FROM registration_correction WHERE ended_at IS NULL")
    }
    corrections.withdraw(settings.withdrawn)
    return corrections
  }

  private func nothingToDo(
    _ last: Publication, _ corrections: Corrections, _ session: inout Connection
  ) throws -> LoadOutcome? {
    if settings.force { return nil }
    if settings.action == .load, !settings.isChosen, let rollback = try Publication.rollback(from: snapshot, &session) {
      settings.events(
        .note(
          "snapshot \(snapshot.id) was rolled back to \(rollback.snapshot) and is not loaded again: ./pipeline.sh load --snapshot \(snapshot.id) does"
        ))
      return unchanged(last)
    }
    if settings.verify { return nil }
    switch settings.action {
    case .load: return last.holds(snapshot) ? held(last) : nil
    case .rollback: return last.holds(snapshot) ? held(last) : nil
    case .replay: return corrections.new.isEmpty ? held(last) : nil
    case .withdraw: return nil
    }
  }

  /// Only the first load, of a registry that nobody has put anything on, may replace the tables.
  private func chooseKind(_ session: inout Connection, _ last: Publication?) throws -> LoadKind {
    if last != nil { return .reconcile }
    guard let obstacle = try PristineRegistry.obstacle(&session) else { return .bulk }
    settings.events(.note("the tables are filled by INSERT, they cannot be replaced: \(obstacle)"))
    return .reconcile
  }

  /// The run's row: a new one, or in a further attempt the same.
  private mutating func openJob(_ session: inout Connection) throws -> JobRun {
    if let job {
      try job.reopen(&session)
      return job
    }
    jobAsked = true
    let job = try JobRun.open(&session, snapshot, settings)
    try settings.point(.jobOpened)
    adopt(job)
    return job
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

  private func held(_ last: Publication) -> LoadOutcome {
    settings.events(.note("the registry holds what snapshot \(snapshot.id) gives it: nothing to do"))
    return unchanged(last)
  }

  private func unchanged(_ last: Publication) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.unchanged = snapshot.totals.processed
    return LoadOutcome(
      result: .unchanged, status: .unchanged, jobRunID: nil, kind: nil, totals: snapshot.totals, before: last.state,
      after: last.state, changes: changes, batches: snapshot.batches.count, batchesResumed: 0,
      seconds: Clock.monotonicSeconds() - started)
  }

  private func outcome(_ publication: Publication, before: RegistryState?, resumed: Int = 0) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.inserted = publication.inserted
    changes.updated = publication.updated
    changes.removed = publication.removed
    changes.unchanged = snapshot.totals.processed - publication.inserted - publication.updated
    // After a COMMIT whose answer was lost only the publication tells: of a first load all, of another the businesses.
    var known = publication.kind == .bulk ? RegistryState(registrations: 0, industries: 0) : publication.state
    if publication.kind == .reconcile { known.registrations += publication.removed - publication.inserted }
    return LoadOutcome(
      result: .published, status: settings.status(of: snapshot), jobRunID: publication.jobRunID, kind: publication.kind,
      totals: settings.totals(of: snapshot), before: before ?? known, after: publication.state, changes: changes,
      counts: publication.changes, repaired: publication.repaired, repairedBANs: publication.repairedBANs,
      refusals: publication.refusals,
      batches: snapshot.batches.count, batchesResumed: resumed, seconds: Clock.monotonicSeconds() - started)
  }
}
