import CommandKit
import Postgres
import Support

/// What a load decides before it compares anything.
extension LoadRun {
  /// What is published has to suit what is asked for: looked at under the run's lock, for others publish too.
  func requireBase(_ last: Publication?, _ session: inout Connection) throws {
    if settings.action == .load { return }
    guard let last else {
      throw Failure(.notReady, "\(session.place): nothing was ever published here", hint: "\(command: .load)")
    }
    switch settings.action {
    case .load: break
    case .rollback:
      // Whatever was not published has not passed the gate.
      let wasPublished = try session.execute(
        "SELECT EXISTS (SELECT FROM publication WHERE snapshot = $1 AND whole)", [snapshot.id]
      ).truth
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
      let wholeBefore = try session.execute("SELECT EXISTS (SELECT FROM publication WHERE whole)").truth
      guard last.whole || !wholeBefore else {
        throw Failure(
          .notReady,
          "\(session.place): a sample or a limited snapshot is on top of a whole one, and corrections need to know the whole",
          hint: "load the whole one again first: \(command: .load, snapshot: "ID", "--force"), or \(command: .run)")
      }
    }
  }

  /// What can be said of the snapshot without looking at the registry. One that is refused leaves a trace in the database.
  mutating func validateAlone(_ last: Publication?, _ session: inout Connection) throws {
    do {
      try RejectBudget.requireAccepted(snapshot.totals, of: settings.snapshot)
      // Where there is something to compare with, all reasons are told together.
      if last == nil { try settings.accept(Gate.initialRefusals(settings, snapshot), of: snapshot) }
    } catch {
      _ = try openJob(&session)
      throw error
    }
  }

  func readCorrections(_ session: inout Connection) throws -> Corrections {
    var corrections = try Corrections.read(&session)
    if let records = settings.sheet?.records {
      corrections.put(records, held: try RegistryContent.hashes(of: records.map(\.ban), &session))
      let needless = records.count - corrections.new.count
      if needless > 0 {
        settings.events(.note("\(needless) corrected records say what is known already: nothing is put on for them"))
      }
    }
    try requireWithdrawable(settings.withdrawn.filter { corrections.inForce[$0] == nil }, &session)
    corrections.withdraw(settings.withdrawn)
    corrections.stay = settings.action == .rollback
    return corrections
  }

  func nothingToDo(
    _ last: Publication, _ corrections: Corrections, _ session: inout Connection
  ) throws -> LoadOutcome? {
    if settings.force { return nil }
    if settings.action == .load, !settings.isChosen, let rollback = try Publication.rollback(from: snapshot, &session) {
      guard !settings.verify else {
        throw Failure(
          .notReady,
          "snapshot \(snapshot.id) was rolled back to \(rollback.snapshot): it is not what is to be verified",
          hint: "\(command: .load, snapshot: rollback.snapshot, "--verify") verifies what is published")
      }
      settings.events(
        .note(
          "what snapshot \(snapshot.id) holds was rolled back to \(rollback.snapshot) and is not loaded again: ./pipeline.sh load --snapshot \(snapshot.id) does"
        ))
      return unchanged(last)
    }
    if settings.verify { return nil }
    switch settings.action {
    case .load, .rollback: return last.holds(snapshot) ? held(last) : nil
    case .replay: return corrections.new.isEmpty ? held(last) : nil
    case .withdraw: return corrections.withdrawn.isEmpty ? held(last) : nil
    }
  }

  /// Only the first load, of a registry that nobody has put anything on, may replace the tables.
  func chooseKind(_ session: inout Connection, _ last: Publication?) throws -> LoadKind {
    if last != nil { return .reconcile }
    guard let obstacle = try PristineRegistry.obstacle(&session) else { return .bulk }
    settings.events(.note("the tables are filled by INSERT, they cannot be replaced: \(obstacle)"))
    return .reconcile
  }

  /// A correction that is not in force was withdrawn before, perhaps by a run whose answer was lost; anything else is a
  /// mistake.
  private func requireWithdrawable(_ bans: [UInt32], _ session: inout Connection) throws {
    guard !bans.isEmpty else { return }
    let rows = try session.execute(
      "SELECT DISTINCT ON (ban) ban, end_reason FROM registration_correction WHERE ban = ANY ($1) ORDER BY ban, id DESC",
      ["{" + bans.map(BANText.text).joined(separator: ",") + "}"])
    let withdrawn = Set(rows.values.filter { $0[1] == "withdrawn" }.compactMap { $0[0].flatMap { UInt32($0) } })
    guard let ban = bans.first(where: { !withdrawn.contains($0) }) else { return }
    throw Failure(
      .data, "\(session.place): no correction of \(BANText.text(ban)) is in force",
      hint:
        "those in force: \(command: .psql, "-c 'SELECT ban, corrected_at FROM registration_correction WHERE ended_at IS NULL'")"
    )
  }
}
