import CommandKit
import Postgres
import Spool
import Support

/// Loads a batch, in initial and incremental loads: its rows, its row in load_batch and its findings, in one
/// transaction. If an earlier attempt or run has loaded the batch, only its findings are written.
struct BatchStage: Sendable {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: LoadState
  let progress: ImportProgress
  /// Whether the comparison needs a business's findings.
  var concerns: @Sendable (_ ban: UInt32, _ isError: Bool) -> Bool = { _, _ in false }

  /// - Parameters:
  ///   - scan: called if the batch is already loaded.
  ///   - stage: writes the batch's rows and returns the number of businesses.
  func run(
    _ batch: Batch, _ session: inout Connection, scan: (BatchFindings, inout Connection) throws -> Void,
    stage: (BatchFindings, inout Connection) throws -> Int
  ) throws {
    let started = MonotonicClock.seconds()
    let resumed = load.batchesIn.contains(batch.number)
    progress.begin(batch.number)
    settings.events(.batchStarted(batch: batch.number, of: snapshot.batches.count, records: batch.totals.total))
    let findings = try BatchFindings(snapshot.findings(of: batch), header: snapshot.header(), concerns: concerns)
    if findings.errors + findings.warnings > 0 {
      settings.events(.batchFindings(batch: batch.number, errors: findings.errors, warnings: findings.warnings))
    }
    var staged = 0
    if resumed { try scan(findings, &session) }
    try session.transaction("batch") { session in
      try load.lockShared(&session)
      if !resumed {
        do { staged = try stage(findings, &session) } catch { throw try checkFiles(batch, error) }
        try load.insert(batch, staged: staged, &session)
      }
      // For corrections the snapshot is already published, and its findings with it.
      if settings.action == .load || settings.action == .rollback {
        try findings.write(&session, load.job, batch: batch.number)
      }
    }
    try progress.finish(batch.number, &session)
    settings.events(
      .batchCompleted(
        BatchReport(
          batch: batch.number, of: snapshot.batches.count, totals: batch.totals, staged: staged, resumed: resumed,
          seconds: MonotonicClock.seconds() - started)))
  }

  /// Checks the files of a batch with a row that the server refused. Unless a file is damaged, it is a bug.
  private func checkFiles(_ batch: Batch, _ error: any Error) throws -> any Error {
    guard let refused = error as? PostgresError, refused.kind == .statement else { return error }
    try snapshot.registrations(of: batch).check()
    try snapshot.industries(of: batch).check()
    return error
  }
}
