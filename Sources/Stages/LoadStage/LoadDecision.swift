import CommandKit
import Postgres
import Spool
import Support

/// What a load has to do, with what is known then.
enum LoadDecision {
  /// An earlier attempt published. The answer to its COMMIT was lost.
  case published(Publication)
  /// Do nothing: the registry holds the snapshot, or a rollback from it is in force.
  case unchanged(Publication)
  /// Fill new tables and put them in place of those that are empty or have a sample.
  case initial(JobRun, Standing)
  /// Write what differs. Nothing may be published yet: then there are tables that cannot be replaced.
  case incremental(JobRun, Standing, Corrections)
}

/// What a load finds published.
struct Standing: Sendable {
  /// Nil for nothing.
  let published: Publication?
  /// Whether only samples and limited snapshots were ever published, and this load brings the first whole one. Then they
  /// count as nothing: what they left is removed, and the feed begins with this load.
  let replacesSamples: Bool

  /// What the load follows on, nil where it is the first.
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

/// Decides, under the run's lock and before anything is compared.
extension LoadRun {
  ///
  /// - Parameter restarts: whether the tables could not be had, or something was changed meanwhile.
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
    if let last, try isUnchanged(last, corrections, &session) { return .unchanged(last) }
    let job = try job.open(&session)
    if let last, !settings.verify, !settings.force { try requireRows(of: last, &session) }
    if standing.replacesSamples { settings.events(.note("the registry held samples only: it counts as empty")) }
    let mayReplace = last == nil && !(restarts && standing.replacesSamples)
    if mayReplace, try canReplaceTables(standing, &session) { return .initial(job, standing) }
    return .incremental(job, standing, corrections)
  }

  /// Checks that the action fits what is published. Other runs publish too, so this needs the run's lock.
  private func requireBase(_ last: Publication?, _ session: inout Connection) throws {
    if settings.action == .load { return }
    guard let last else {
      throw Failure(.notReady, "\(session.place): nothing was ever published here", hint: "\(command: .load)")
    }
    switch settings.action {
    case .load: break
    case .rollback:
      // Whatever was not published has not passed the gate.
      let wasPublished = try session.bool(
        "SELECT EXISTS (SELECT FROM publication WHERE snapshot = $1 AND whole)", [snapshot.id])
      guard wasPublished else {
        throw Failure(
          .data, "\(session.place): snapshot \(snapshot.id) was never published here, so there is no going back to it",
          hint: "\(command: .load, snapshot: snapshot.id) loads it, through the gate")
      }
    case .replay, .withdraw:
      guard last.holds(snapshot) else {
        throw Failure(
          .temporary,
          last.snapshot == snapshot.id
            ? "\(session.place): snapshot \(snapshot.id) was transformed anew since it was published"
            : "\(session.place): another snapshot was published meanwhile, \(last.snapshot)",
          hint: last.snapshot == snapshot.id
            ? "load it first: \(command: .load, snapshot: snapshot.id)" : "run the same command again")
      }
      let wholeBefore = try session.bool("SELECT EXISTS (SELECT FROM publication WHERE whole)")
      guard last.whole || !wholeBefore else {
        throw Failure(
          .notReady,
          "\(session.place): a sample or a limited snapshot is on top of a whole one, and corrections need to know the whole",
          hint: "load the whole one again first: \(command: .load, snapshot: "ID", "--force"), or \(command: .run)")
      }
    }
  }

  /// What can be said of the snapshot without looking at the registry. One that is refused leaves a trace in the
  /// database.
  private func checkAlone(_ last: Publication?, _ job: inout LoadJob, _ session: inout Connection) throws {
    do {
      try RejectBudget.requireAccepted(snapshot.totals, of: settings.snapshot)
      // With a publication to compare with, all reasons are reported together after the comparison.
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
        settings.events(.note("\(needless) corrected records say what is known already: nothing is put on for them"))
      }
      try leaveProblemsOut(of: &corrections, held: held)
    }
    try requireWithdrawable(settings.withdrawn.filter { corrections.inForce[$0] == nil }, &session)
    corrections.withdraw(settings.withdrawn)
    corrections.stay = settings.action == .rollback
    return corrections
  }

  /// - Throws: category `data` where no other row is left.
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

  /// Whether there is nothing to do; says why.
  func isUnchanged(
    _ last: Publication, _ corrections: Corrections, _ session: inout Connection
  ) throws -> Bool {
    if settings.force { return false }
    if settings.action == .load, !settings.isChosen, let rollback = try Publication.rollback(from: snapshot, &session) {
      guard !settings.verify else {
        throw Failure(
          .notReady,
          "snapshot \(snapshot.id) was rolled back to \(rollback.snapshot): it is not what is to be verified",
          hint: "\(command: .load, snapshot: rollback.snapshot, "--verify") verifies what is published")
      }
      settings.events(
        .advice(
          "what snapshot \(snapshot.id) holds was rolled back to \(rollback.snapshot) and is not loaded again: \(command: .load, snapshot: snapshot.id) loads it"
        ))
      return true
    }
    if settings.verify { return false }
    let isHeld =
      switch settings.action {
      case .load, .rollback: last.holds(snapshot)
      case .replay: corrections.new.isEmpty
      case .withdraw: corrections.withdrawn.isEmpty
      }
    if isHeld {
      try requireRows(of: last, &session)
      settings.events(.note("the registry holds what snapshot \(snapshot.id) gives it: nothing to do"))
    }
    return isHeld
  }

  /// A load compares with what is published: a table that somebody emptied would be taken for what was published there.
  private func requireRows(of last: Publication, _ session: inout Connection) throws {
    for (table, rows) in [
      (RegistryTable.registration, last.state.registrations), (RegistryTable.industry, last.state.industries),
    ] where rows > 0 {
      guard try !session.bool("SELECT EXISTS (SELECT FROM \(table.name))") else { continue }
      throw Failure(
        .configuration,
        "\(session.place): table \(table.name) is empty, although snapshot \(last.snapshot) with \(rows) rows is published",
        hint: "somebody emptied it, or a restore is not complete: \(command: .load, "--verify") writes it again")
    }
  }

  private func canReplaceTables(_ standing: Standing, _ session: inout Connection) throws -> Bool {
    guard let obstacle = try ReplacementCheck.obstacle(&session, mayHaveRows: standing.replacesSamples) else {
      return true
    }
    settings.events(.note("the tables are filled by INSERT, they cannot be replaced: \(obstacle)"))
    return false
  }

  /// A correction that is not in force may have been withdrawn before, by a run whose answer was lost. Anything else is
  /// the user's mistake.
  private func requireWithdrawable(_ bans: [UInt32], _ session: inout Connection) throws {
    guard !bans.isEmpty else { return }
    let rows = try session.rows(
      "SELECT DISTINCT ON (ban) ban, end_reason FROM registration_correction WHERE ban = ANY ($1) ORDER BY ban, id DESC",
      [PostgresArray.of(bans: bans)])
    let withdrawn = Set(
      try rows.filter { try $0.optionalText("end_reason") == "withdrawn" }.map { try $0.ban("ban") })
    guard let ban = bans.first(where: { !withdrawn.contains($0) }) else { return }
    throw Failure(
      .data, "\(session.place): no correction of \(BANText.text(ban)) is in force",
      hint:
        "those in force: \(command: .psql, "-c 'SELECT ban, corrected_at FROM registration_correction WHERE ended_at IS NULL'")"
    )
  }
}
