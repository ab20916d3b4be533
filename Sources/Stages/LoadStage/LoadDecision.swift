import CommandKit
import Postgres
import Spool
import Support

/// Why a load changes nothing.
enum NothingToDo {
  /// The registry has the snapshot's content, or the correction's.
  case held
  /// The registry was rolled back from the snapshot's content to another snapshot.
  case rolledBack(to: String)

  /// The snapshot to which the registry was rolled back; nil for another reason.
  var rolledBackTo: String? { if case .rolledBack(let snapshot) = self { snapshot } else { nil } }
}

/// What a load has to do, with the data that it needs for that.
enum LoadDecision {
  /// An earlier attempt published, but the answer to its COMMIT was lost.
  case published(Publication)
  /// Do nothing: the registry holds the snapshot, or a rollback from it is in force.
  case unchanged(Publication, NothingToDo)
  /// Initial load: fill new tables and swap them with the registry's, which are empty or hold samples.
  case initial(JobRun, Standing)
  /// Incremental load: write what differs. Also the first load, if the tables cannot be replaced.
  case incremental(JobRun, Standing, Corrections)
}

/// What is published when a load starts.
struct Standing: Sendable {
  /// The last publication; nil if there is none.
  let published: Publication?
  /// Whether this load publishes the first whole snapshot, after samples or limited ones. It then counts as the first
  /// load: it removes everything that they left, and the change feed begins with it.
  let replacesSamples: Bool

  /// The publication that the load follows; nil if it counts as the first load.
  var last: Publication? { replacesSamples ? nil : published }

  static func find(for snapshot: FinalizedSnapshot, _ action: LoadAction, _ session: inout Connection) throws
    -> Standing
  {
    let published = try Publication.last(&session)
    guard let published, action == .load, snapshot.whole, !published.whole else {
      return Standing(published: published, replacesSamples: false)
    }
    let replaces =
      try !session.bool("SELECT EXISTS (SELECT FROM publication WHERE whole)") && SampleRows.mayRemove(&session)
    return Standing(published: published, replacesSamples: replaces)
  }
}

extension LoadRun {
  /// Decides what the load has to do, under the run's lock and before the comparison.
  ///
  /// - Parameter restarts: whether the last attempt could not swap the tables, or the registry changed during it.
  func decide(_ job: inout LoadJob, restarts: Bool, _ session: inout Connection) throws -> LoadDecision {
    try job.find(&session)
    if let job = job.open, let publication = try Publication.of(job, &session) { return .published(publication) }
    try JobRun.closeStale(&session, except: job.open, events: settings.events)
    let standing = try Standing.find(for: snapshot, settings.action, &session)
    let last = standing.last
    job.leaveIfOvertaken(by: standing.published)
    try requireBase(last, &session)
    try checkAlone(last, &job, &session)
    let corrections = standing.replacesSamples ? Corrections() : try readCorrections(&session)
    if let last, let reason = try nothingToDo(last, corrections, &session) { return .unchanged(last, reason) }
    let job = try job.open(&session)
    // Filling a table from another snapshot would record all rows as changes of the source.
    if let last, !(settings.verify && last.holds(snapshot)) { try requireRows(of: last, &session) }
    if standing.replacesSamples { settings.events(.note("the registry held samples only: it counts as empty")) }
    let mayReplace = last == nil && !(restarts && standing.replacesSamples)
    if mayReplace, try canReplaceTables(standing, &session) { return .initial(job, standing) }
    return .incremental(job, standing, corrections)
  }

  /// Checks that the action fits what is published. Other runs publish too, so this needs the run's lock.
  private func requireBase(_ last: Publication?, _ session: inout Connection) throws {
    if settings.action == .load { return }
    guard let last else {
      throw Failure(
        .notReady, "\(session.place): no snapshot was published here yet", hint: "load one first: \(command: .load)")
    }
    switch settings.action {
    case .load: break
    case .rollback:
      // A snapshot that was never published has not passed the acceptance checks.
      let wasPublished = try session.bool(
        "SELECT EXISTS (SELECT FROM publication WHERE snapshot = $1 AND whole)", [snapshot.id])
      guard wasPublished else {
        throw Failure(
          .data, "\(session.place): unable to roll back to snapshot \(snapshot.id): it was never published here",
          hint: "to publish it with the acceptance checks: \(command: .load, snapshot: snapshot.id)")
      }
    case .replay, .withdraw:
      guard last.holds(snapshot) else {
        throw Failure(
          .temporary,
          last.snapshot == snapshot.id
            ? "\(session.place): snapshot \(snapshot.id) was transformed again after it was published, and differs from the registry"
            : "\(session.place): another snapshot was published while this command ran: \(last.snapshot)",
          hint: last.snapshot == snapshot.id
            ? "publish it first: \(command: .load, snapshot: snapshot.id)" : "run the same command again")
      }
      let wholeBefore = try session.bool("SELECT EXISTS (SELECT FROM publication WHERE whole)")
      guard last.whole || !wholeBefore else {
        throw Failure(
          .notReady,
          "\(session.place): the published snapshot is a sample or limited, and was loaded after a whole one; corrections need a whole snapshot",
          hint: "load the whole snapshot again first: \(command: .load, snapshot: "ID", "--force"), or \(command: .run)"
        )
      }
    }
  }

  /// Checks the snapshot without reading the registry. A refusal is recorded as a failed job run.
  private func checkAlone(_ last: Publication?, _ job: inout LoadJob, _ session: inout Connection) throws {
    do {
      try RejectBudget.requireAccepted(snapshot.totals, of: settings.snapshot)
      // If there is a publication to compare with, all refusals are reported together after the comparison.
      if last == nil { try settings.accept(Gate.initialRefusals(settings, snapshot, &session), of: snapshot) }
    } catch {
      _ = try job.open(&session)
      throw error
    }
  }

  func readCorrections(_ session: inout Connection) throws -> Corrections {
    var corrections = try Corrections.read(&session)
    if let records = settings.sheet?.records {
      let held = try RegistryContent.hashes(of: records.map(\.ban), &session)
      corrections.add(records, held: held)
      let needless = records.count - corrections.new.count
      if needless > 0 {
        settings.events(
          .note("\(needless) corrected records equal the registry or the source: no correction was added for them"))
      }
      try leaveProblemsOut(of: &corrections, held: held)
    }
    try requireWithdrawable(settings.withdrawn.filter { corrections.inForce[$0] == nil }, &session)
    corrections.withdraw(settings.withdrawn)
    if settings.action == .rollback {
      corrections.stay = true
      try corrections.reopen(after: snapshot.id, &session)
    }
    return corrections
  }

  /// Leaves out the sheet's rows that have a problem, and reports them.
  ///
  /// - Throws: category `data` if no row is left.
  private func leaveProblemsOut(of corrections: inout Corrections, held: [UInt32: Int64]) throws {
    let rows = corrections.new.values.sorted { $0.line < $1.line }
    let exported = try ExportedRecord.find(rows, in: snapshot)
    let problems = Dictionary(grouping: rows) { row in
      let isCorrection = corrections.inForce[row.ban].map { $0.sourceHash == nil } ?? false
      return SheetRowProblem(
        row, row.fingerprint.flatMap { exported[$0] }, isTaken: held[row.ban] != nil && !isCorrection)
    }
    var left: [String] = []
    for problem in SheetRowProblem.allCases {
      guard let rows = problems[problem] else { continue }
      corrections.leaveOut(rows)
      let lines = rows.prefix(10).map { "\($0.line)" }.joined(separator: ", ") + (rows.count > 10 ? ", …" : "")
      left.append("\(rows.count) corrected rows of the sheet (lines \(lines)) \(problem.rawValue): left out")
    }
    let hint: Hint = "export a sheet again and correct the records there: \(command: .findings, "--export FILE.csv")"
    if corrections.new.isEmpty, !left.isEmpty { throw Failure(.data, left.joined(separator: "; "), hint: hint) }
    for problem in left { settings.events(.advice("\(problem); \(hint)")) }
  }

  /// Returns why there is nothing to do, and reports it; nil if there is something to do.
  func nothingToDo(
    _ last: Publication, _ corrections: Corrections, _ session: inout Connection
  ) throws -> NothingToDo? {
    if settings.force { return nil }
    if settings.action == .load, settings.choice != .user,
      let rollback = try Publication.rollback(from: snapshot, &session)
    {
      guard !settings.verify else {
        throw Failure(
          .notReady,
          "unable to verify snapshot \(snapshot.id): after a rollback, snapshot \(rollback.snapshot) is the published one",
          hint: "verify the published snapshot: \(command: .load, snapshot: rollback.snapshot, "--verify")")
      }
      settings.events(
        .advice(
          "snapshot \(snapshot.id) is not loaded: the registry was rolled back from its content to snapshot \(rollback.snapshot); to load it anyway: \(command: .load, snapshot: snapshot.id)"
        ))
      return .rolledBack(to: rollback.snapshot)
    }
    if settings.verify { return nil }
    let isHeld =
      switch settings.action {
      case .load, .rollback: last.holds(snapshot)
      case .replay: corrections.new.isEmpty
      case .withdraw: corrections.withdrawn.isEmpty
      }
    guard isHeld else { return nil }
    try requireRows(of: last, &session)
    settings.events(.note("the registry already holds snapshot \(snapshot.id): nothing to do"))
    return .held
  }

  /// Fails if a table is empty although the last publication has rows: the load would compare with the empty table.
  func requireRows(of last: Publication, _ session: inout Connection) throws {
    for (table, rows) in [
      (RegistryTable.registration, last.state.registrations), (RegistryTable.industry, last.state.industries),
    ] where rows > 0 {
      guard try !session.bool("SELECT EXISTS (SELECT FROM \(table.name))") else { continue }
      throw Failure(
        .configuration,
        "\(session.place): table \(table.name) is empty, but the published snapshot \(last.snapshot) has \(rows) rows",
        hint:
          "it was emptied, or a restore is not complete; fill it again, then run the same command again: \(command: .load, snapshot: last.snapshot, "--verify")"
      )
    }
  }

  private func canReplaceTables(_ standing: Standing, _ session: inout Connection) throws -> Bool {
    guard let obstacle = try ReplacementCheck.obstacle(&session, mayHaveRows: standing.replacesSamples) else {
      return true
    }
    settings.events(.note("the tables cannot be replaced and are filled by INSERT: \(obstacle)"))
    return false
  }

  /// Checks BANs without a correction in force. An earlier run may have withdrawn it and lost the answer.
  ///
  /// - Throws: category `data` for a BAN whose last correction was not withdrawn.
  private func requireWithdrawable(_ bans: [UInt32], _ session: inout Connection) throws {
    guard !bans.isEmpty else { return }
    let rows = try session.rows(
      "SELECT DISTINCT ON (ban) ban, end_reason FROM registration_correction WHERE ban = ANY ($1) ORDER BY ban, id DESC",
      [PostgresArray.of(bans: bans)])
    let withdrawn = Set(
      try rows.filter { try $0.optionalText("end_reason") == "withdrawn" }.map { try $0.ban("ban") })
    guard let ban = bans.first(where: { !withdrawn.contains($0) }) else { return }
    throw Failure(
      .data, "\(session.place): there is no correction in force for BAN \(BANText.text(ban)); nothing was changed",
      hint:
        "list the corrections in force: \(command: .psql, "-c 'SELECT ban, corrected_at FROM registration_correction WHERE ended_at IS NULL'")"
    )
  }
}
