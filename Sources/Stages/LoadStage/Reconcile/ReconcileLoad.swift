import Postgres
import Spool
import Support

/// Every load but the first: compares the snapshot with the registry by content hash, stages the rows that differ, and
/// writes nothing else. It needs no right but to read and write rows.
struct ReconcileLoad {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let workers: BatchWorkers
  let load: CurrentLoad
  let corrections: Corrections
  /// What is published now, nil for nothing.
  let last: Publication?

  func perform(_ session: inout Connection) throws -> (Publication, before: RegistryState) {
    settings.events(.phase("reading what the registry holds"))
    let hashes =
      try settings.verify ? RegistryContent.verifiedHashes(&session) : RegistryContent.hashes(&session)
    let comparison = Comparison(hashes, corrections, isRepair: last?.holds(snapshot) ?? false)
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
    let differences = comparison.finish(whole: snapshot.whole)
    let registrations = hashes.count + hashes.misfits.count
    let refusals = try pass(differences, registrations: registrations, &session)
    settings.events(.phase("publishing"))
    return try ReconcilePublish(
      settings: settings, snapshot: snapshot, load: load, corrections: corrections, differences: differences,
      refusals: refusals
    ).perform(&session, registrations: registrations)
  }

  /// Has the gate look at a snapshot before it becomes visible.
  ///
  /// - Returns: the refusals that were accepted.
  private func pass(
    _ differences: Differences, registrations: Int, _ session: inout Connection
  ) throws -> [String] {
    let refusals = try Gate.refusals(
      settings, snapshot, last: last, registrations: registrations, lost: differences.lost, &session)
    do { try settings.accept(refusals, of: snapshot) } catch {
      // Nobody may ever accept it, and its rows may be millions.
      try session.transaction("refusal") { session in
        try load.holdAlone(&session)
        try CurrentLoad.finish(&session)
      }
      throw error
    }
    return refusals
  }
}
