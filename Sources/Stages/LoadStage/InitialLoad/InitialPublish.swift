import Postgres
import Spool
import Support

/// Puts the full tables in place of those that are empty or hold samples, in one short transaction. Readers see what was
/// there or the whole registry.
///
/// A transaction that took its snapshot while batches were committed and first looks at the registry after the swap
/// would see those batches alone: new tables are not under the rules of an old snapshot. Only a transaction at
/// REPEATABLE READ that began before or during the first whole load, and has not read any of the locked tables, can see
/// this. The swap waits for transactions that have read one.
struct InitialPublish {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: LoadState
  let indexes: [BulkIndexes.Index]
  let replacesSamples: Bool

  func perform(_ session: inout Connection) throws -> Publication {
    for attempt in 1...max(1, settings.lockAttempts) {
      do {
        return try publish(&session) { session in try swap(&session) }
      } catch let error as PostgresError where error.sqlState == "55P03" {
        // Readers at work: they are not made to wait for long, and get a turn before the next attempt.
        settings.events(.note("readers hold the tables (attempt \(attempt) of \(settings.lockAttempts))"))
        try settings.pause(1)
      } catch let error as TableSwap.Obstacle {
        guard !replacesSamples else { throw RestartLoad(reason: "the tables cannot be swapped: \(error.reason)") }
        settings.events(.note("the tables cannot be swapped, the rows are copied: \(error.reason)"))
        break
      }
    }
    // Rows that are there are never deleted to be inserted again: what refers to them would go, too. The incremental load
    // keeps them.
    guard !replacesSamples else { throw RestartLoad(reason: "readers hold the tables") }
    return try publish(&session) { session in try insert(&session) }
  }

  private func publish(
    _ session: inout Connection, _ fill: (inout Connection) throws -> Void
  ) throws -> Publication {
    let publication = try session.transaction("publication") { session in
      try load.lockExclusive(&session)
      guard try Publication.last(&session)?.id == load.base else {
        throw RestartLoad(reason: "another snapshot was published meanwhile")
      }
      try fill(&session)
      let state = RegistryState(
        registrations: snapshot.totals.processed, industries: snapshot.transform.industries)
      let refusals = try Gate.initialRefusals(settings, snapshot, &session)
      if replacesSamples { try SampleRows.remove(&session) }
      let publication = try Publication.write(
        &session, settings, snapshot, load.job, .initial,
        .init(state: state, inserted: state.registrations, refusals: refusals))
      try load.job.succeed(&session, status: settings.status(of: snapshot))
      try LoadState.finish(&session)
      return publication
    }
    return publication
  }

  private func swap(_ session: inout Connection) throws {
    // With samples, also what a reader may have looked at before.
    try TableSwap.lock(
      replacesSamples ? SampleRows.tables : [], timeoutMilliseconds: settings.lockTimeoutMilliseconds, &session)
    try requireUnfilled(&session)
    try TableSwap(indexes: indexes, mayHaveRows: replacesSamples).perform(&session)
  }

  /// Where the tables cannot be swapped: by INSERT, in one transaction as well, and without a lock that a reader
  /// notices.
  private func insert(_ session: inout Connection) throws {
    try requireUnfilled(&session)
    for table in RegistryTable.both {
      let columns = table.columns.joined(separator: ", ")
      try session.execute("INSERT INTO \(table.name) (\(columns)) SELECT \(columns) FROM \(table.bulkName)")
    }
  }

  private func requireUnfilled(_ session: inout Connection) throws {
    guard try replacesSamples || ReplacementCheck.isEmpty(&session) else {
      throw RestartLoad(reason: "the registry was filled by somebody else")
    }
  }
}
