import CommandKit
import Postgres
import Spool
import Support
import Synchronization

/// The lines that one of a load's sessions has reported.
private final class OnceEach: Sendable {
  private let lines = Mutex(Set<String>())

  func isNew(_ line: String) -> Bool { lines.withLock { $0.insert(line).inserted } }
}

/// The settings and the snapshot of a load. Immutable.
struct LoadRun: Sendable {
  let settings: LoadSettings
  let access: DatabaseAccess
  let snapshot: FinalizedSnapshot
  let started = MonotonicClock.seconds()

  init(_ settings: LoadSettings) throws {
    self.settings = settings
    var access = try DatabaseAccess(
      settings.databaseURL, applicationName: settings.applicationName, stop: settings.stop)
    access.faultHook = settings.faultHook
    let reported = OnceEach()
    access.report = { [events = settings.events] line in if reported.isNew(line) { events(.advice("\(line)")) } }
    self.access = access
    snapshot = try FinalizedSnapshot(settings.snapshot)
    guard settings.action != .rollback || snapshot.whole else {
      throw Failure(
        .data, "unable to roll back to snapshot \(snapshot.id): it is a sample, or limited",
        hint: "\(command: .status) lists the snapshots")
    }
  }

  /// Runs the phases of a load: lock, migrate, decide, load, write the files. It reads from the database what an
  /// earlier attempt committed.
  ///
  /// - Parameter restarts: whether to discard what an earlier attempt staged.
  func attempt(_ job: inout LoadJob, restarts: Bool) throws -> LoadOutcome {
    var session = try access.open()
    settings.events(.phase("loading into \(session.place)"))
    let access = access.inSchema(of: session)
    let workers = BatchWorkers(access: access, count: settings.jobs)
    let result = try locked(&session, access) { lock, session in
      try Migrator.migrate(&session, events: settings.events)
      try Migrator.inspect(&session, events: settings.events)
      let outcome = try run(&job, lock, workers, restarts: restarts, &session)
      writeCheckpoint(of: outcome, &session)
      return outcome
    }
    writeFiles(&session)
    return result
  }

  /// Decides what to do and does it, under the run's lock.
  private func run(
    _ job: inout LoadJob, _ lock: RunLock, _ workers: BatchWorkers, restarts: Bool, _ session: inout Connection
  ) throws -> LoadOutcome {
    switch try decide(&job, restarts: restarts, &session) {
    case .published(let publication): return outcome(publication, before: try publication.before(&session))
    case .unchanged(let last, let reason):
      try recordCheck(reason, &session)
      return unchanged(last, reason)
    case .initial(let job, let standing):
      let load = try acquire(.initial, job, lock, standing, restarts: restarts, &session)
      return try loadInitially(load, workers, standing, &session)
    case .incremental(let job, let standing, let corrections):
      let load = try acquire(.incremental, job, lock, standing, restarts: restarts, &session)
      return try loadIncrementally(load, workers, standing, corrections, &session)
    }
  }

  /// Runs `body` under the run's lock.
  private func locked(
    _ session: inout Connection, _ access: DatabaseAccess, _ body: (RunLock, inout Connection) throws -> LoadOutcome
  ) throws -> LoadOutcome {
    try Migrator.makeLockable(
      &session, access, graceSeconds: settings.limits.lockGraceSeconds, events: settings.events)
    let lock = try RunLock.acquire(access, graceSeconds: settings.limits.lockGraceSeconds, events: settings.events)
    defer { lock.release() }
    return try body(lock, &session)
  }

  private func acquire(
    _ kind: LoadKind, _ job: JobRun, _ lock: RunLock, _ standing: Standing, restarts: Bool, _ session: inout Connection
  ) throws -> LoadState {
    try LoadState.acquire(
      &session, lock, snapshot, settings.action, kind, job, base: standing.published?.id,
      restarting: settings.comparesFromStart || restarts,
      events: settings.events)
  }

  private func loadInitially(
    _ load: LoadState, _ workers: BatchWorkers, _ standing: Standing, _ session: inout Connection
  ) throws -> LoadOutcome {
    let phases = InitialLoad(
      settings: settings, snapshot: snapshot, workers: workers, load: load, replacesSamples: standing.replacesSamples)
    try phases.stage()
    let built = try phases.build(&session)
    let publication = try phases.publish(built, &session)
    let empty = RegistryState(registrations: 0, industries: 0)
    return outcome(publication, before: standing.published?.state ?? empty, resumed: load.batchesIn.count)
  }

  private func loadIncrementally(
    _ load: LoadState, _ workers: BatchWorkers, _ standing: Standing, _ corrections: Corrections,
    _ session: inout Connection
  ) throws -> LoadOutcome {
    let phases = IncrementalLoad(
      settings: settings, snapshot: snapshot, workers: workers, load: load, corrections: corrections, standing: standing
    )
    do {
      let compared = try phases.compareAndStage(&session)
      let refusals = try phases.check(compared, &session)
      let (publication, before) = try phases.publish(compared, refusals, &session)
      return outcome(publication, before: before, resumed: load.batchesIn.count)
    } catch let error as PostgresError where error.kind != .temporary {
      // Rebuilt tables are not used again, and may take much space. The staged rows stay: this load resumes from them.
      do { try BulkTables.dropLeftovers(&session) } catch { settings.events(.note("\(Failure(from: error).message)")) }
      throw error
    }
  }

  /// Writes a checkpoint of the history if one is missing. An error is only reported, since the snapshot is published;
  /// the next load writes it.
  private func writeCheckpoint(of outcome: LoadOutcome, _ session: inout Connection) {
    do {
      try Checkpoints.write(registrations: outcome.after.registrations, &session, events: settings.events)
    } catch {
      settings.events(
        .trouble(
          "a checkpoint of the registry's history could not be written: \(Failure(from: error).message); the next load tries again"
        ))
    }
  }

  /// Writes the change-feed and acceptance files, after the COMMIT. An error is only reported, since the snapshot is
  /// published; the next load writes the missing files.
  private func writeFiles(_ session: inout Connection) {
    do {
      do { try write(&session) } catch let error as PostgresError where error.kind == .temporary {
        // The session that published may be lost.
        var session = try access.open()
        try write(&session)
      }
    } catch {
      settings.events(
        .trouble(
          "some change-feed or acceptance files could not be written: \(Failure(from: error).message); the next load tries again"
        ))
    }
  }

  private func write(_ session: inout Connection) throws {
    try AcceptanceFiles(spool: settings.snapshot.spool).write(&session)
    try FeedFiles(spool: settings.snapshot.spool, stop: settings.stop).write(&session)
  }

  /// Records that the source was checked. Its date is the registry's, unless a rollback is in force.
  private func recordCheck(_ reason: NothingToDo, _ session: inout Connection) throws {
    guard settings.action == .load, snapshot.whole else { return }
    let isHeld = if case .held = reason { true } else { false }
    try SourceCheck.recordUnchanged(newDate: isHeld ? snapshot.transform.sourceDate : nil, &session)
  }

  private func unchanged(_ last: Publication, _ reason: NothingToDo) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.unchanged = snapshot.totals.processed
    return LoadOutcome(
      result: .unchanged, status: .unchanged, jobRunID: nil, kind: nil, totals: snapshot.totals, before: last.state,
      after: last.state, changes: changes,
      rolledBackTo: reason.rolledBackTo, batches: snapshot.batches.count, batchesResumed: 0,
      seconds: MonotonicClock.seconds() - started)
  }

  private func outcome(_ publication: Publication, before: RegistryState, resumed: Int = 0) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.inserted = publication.inserted
    changes.updated = publication.updated
    changes.removed = publication.removed
    changes.unchanged = snapshot.totals.processed - publication.inserted - publication.updated
    return LoadOutcome(
      result: .published, status: settings.status(of: snapshot), jobRunID: publication.jobRunID, kind: publication.kind,
      totals: settings.totals(of: snapshot), before: before, after: publication.state, changes: changes,
      counts: publication.changes, repaired: publication.repaired, repairedBANs: publication.repairedBANs,
      refusals: publication.refusals,
      batches: snapshot.batches.count, batchesResumed: resumed, seconds: MonotonicClock.seconds() - started)
  }
}
