import Postgres
import Spool
import Support

/// The incremental load: compares the snapshot with the registry by content hash, stages the rows that differ, and
/// writes only those. It needs only the right to read and write rows.
struct IncrementalLoad {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let workers: BatchWorkers
  let load: LoadState
  let corrections: Corrections
  let standing: Standing

  /// What a comparison found. The rows that differ are staged.
  struct Compared {
    let diff: Diff
    /// Businesses that the registry holds.
    let registrations: Int
  }

  /// Compares batch by batch. Stages a batch's differing rows in one transaction with its row in load_batch.
  func compareAndStage(_ session: inout Connection) throws -> Compared {
    settings.events(.phase("reading the registry"))
    let hashes =
      try settings.verify ? RegistryContent.verifiedHashes(&session) : RegistryContent.hashes(&session)
    let comparison = DiffBuilder(hashes, corrections, isRepair: standing.last?.holds(snapshot) ?? false)
    let stage = BatchStage(
      settings: settings, snapshot: snapshot, load: load, progress: ImportProgress(load.job),
      concerns: { comparison.concerns($0, isError: $1) })
    try workers.run(snapshot.batches) { session, batch in
      try stage.run(
        batch, &session,
        scan: { findings, session in try comparison.scan(snapshot.registrations(of: batch), findings, &session) },
        stage: { findings, session in try comparison.stage(snapshot, batch, findings, &session) })
    }
    if !load.batchesIn.isEmpty { try comparison.checkStaged(&session) }
    let diff = comparison.diff(whole: snapshot.whole)
    reportLosses(of: diff)
    let registrations = hashes.count + hashes.invalidBANs.count
    if !settings.verify { reportEdits(registrations) }
    return Compared(diff: diff, registrations: registrations)
  }

  /// Reports that rows were deleted or inserted by hand: the change feed takes them for changes of the source.
  private func reportEdits(_ registrations: Int) {
    guard let last = standing.last, last.state.registrations != registrations else { return }
    settings.events(
      .advice(
        "the registry has \(registrations) businesses, but snapshot \(last.snapshot) was published with \(last.state.registrations): rows were deleted or inserted by hand, and the feed records that as changes of the source; to repair such rows without a trace in the feed, run before the next day's load: \(command: .load, snapshot: last.snapshot, "--verify")"
      ))
  }

  /// Reports values that corrections replace: a correction holds a record as a whole.
  private func reportLosses(of diff: Diff) {
    func list(_ bans: [UInt32]) -> String {
      bans.sorted().prefix(10).map(BANText.text).joined(separator: " ") + (bans.count > 10 ? " …" : "")
    }
    if !diff.hidden.isEmpty {
      settings.events(
        .advice(
          "the source has changed \(diff.hidden.count) records whose corrections stay in force, so the registry lacks these changes: \(list(diff.hidden)); to take the source's record: \(PipelineCommand.script) withdraw BAN"
        ))
    }
    let replaced = diff.resolutions.compactMap { ban, resolution -> UInt32? in
      guard case .put = resolution, corrections.inForce[ban] != nil else { return nil }
      return ban
    }
    if !replaced.isEmpty {
      settings.events(
        .advice(
          "\(replaced.count) rows of the sheet replace corrections in force as a whole, also in columns that this sheet leaves as the source has them: \(list(replaced)); registration_correction keeps the earlier values"
        ))
    }
  }

  /// Applies the acceptance checks.
  ///
  /// - Returns: the refusals that were accepted.
  func check(_ compared: Compared, _ session: inout Connection) throws -> [String] {
    let refusals = try Gate.refusals(
      settings, snapshot, last: standing.last, registrations: compared.registrations, lost: compared.diff.lost,
      emptied: { try EmptiedColumns(staged: &$0) }, &session)
    do { try settings.accept(refusals, of: snapshot) } catch {
      // Discard the staged rows: there may be millions, and the snapshot may never be accepted.
      try session.transaction("refusal") { session in
        try load.lockExclusive(&session)
        try LoadState.finish(&session)
      }
      throw error
    }
    return refusals
  }

  /// Makes the registry equal to the snapshot.
  func publish(
    _ compared: Compared, _ refusals: [String], _ session: inout Connection
  ) throws -> (Publication, before: RegistryState) {
    settings.events(.phase("publishing"))
    var publish = IncrementalPublish(
      settings: settings, snapshot: snapshot, load: load, corrections: corrections, diff: compared.diff,
      standing: standing, refusals: refusals, rebuild: try rebuild(compared, &session))
    if publish.rebuild != nil {
      do { return try publish.perform(&session, registrations: compared.registrations) } catch let error
        as TableSwap.Obstacle
      {
        settings.events(.note("the tables cannot be swapped, the rows are written one by one: \(error.reason)"))
        publish.rebuild = nil
      }
    }
    return try publish.perform(&session, registrations: compared.registrations)
  }

  /// Decides whether to rebuild the tables.
  ///
  /// - Returns: nil to write the rows one by one.
  private func rebuild(_ compared: Compared, _ session: inout Connection) throws -> TableRebuild? {
    let differing = Double(compared.diff.staged + compared.diff.removals.count)
    guard differing >= settings.limits.rebuildShareMin * Double(compared.registrations) else { return nil }
    // Corrections are staged by the transaction that publishes, which no other session sees.
    guard settings.action == .load || settings.action == .rollback, compared.diff.correctionsToStage.isEmpty
    else { return nil }
    if let reason = try ReplacementCheck.obstacle(&session, mayHaveRows: true) {
      settings.events(.note("the tables cannot be swapped, the rows are written one by one: \(reason)"))
      return nil
    }
    return TableRebuild(workers: workers, settings: settings, sourceDate: snapshot.transform.sourceDate)
  }
}
