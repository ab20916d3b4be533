import CommandKit
import Postgres
import Spool
import Support

/// What both ways do with a batch: its rows, its ledger row and its findings in one transaction, or, where an earlier
/// attempt or run has left it in, the findings alone.
struct BatchStage: Sendable {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: CurrentLoad
  let progress: ImportProgress
  /// Whether the comparison wants to know a business's findings.
  var concerns: @Sendable (_ ban: UInt32, _ isError: Bool) -> Bool = { _, _ in false }

  /// - Parameters:
  ///   - scan: what is done with a batch that is in.
  ///   - stage: puts the batch's rows in and returns how many businesses they are.
  func run(
    _ batch: Batch, _ session: inout Connection, scan: (BatchFindings, inout Connection) throws -> Void,
    stage: (BatchFindings, inout Connection) throws -> Int
  ) throws {
    let started = Timestamp.monotonicSeconds()
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
      try load.hold(&session)
      if !resumed {
        do { staged = try stage(findings, &session) } catch { throw try blame(batch, error) }
        try load.enter(batch, staged: staged, &session)
      }
      // Of a snapshot that is published already they are there already.
      if settings.action == .load || settings.action == .rollback {
        try findings.write(&session, load.job, batch: batch.number)
      }
    }
    try progress.finish(batch.number, &session)
    settings.events(
      .batchCompleted(
        BatchReport(
          batch: batch.number, of: snapshot.batches.count, totals: batch.totals, staged: staged, resumed: resumed,
          seconds: Timestamp.monotonicSeconds() - started)))
  }

  /// A row that the server refuses is a bug of ours, unless the file is not the one that transform wrote.
  private func blame(_ batch: Batch, _ error: any Error) throws -> any Error {
    guard let refused = error as? PostgresError, refused.kind == .statement else { return error }
    try snapshot.registrations(of: batch).check()
    try snapshot.industries(of: batch).check()
    return error
  }
}
