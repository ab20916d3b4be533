import Postgres
import Spool
import Support

/// Swaps the full tables with those that are empty or hold samples, in one short transaction. Readers see the old
/// content or the whole registry.
///
/// There is one exception. A transaction takes its snapshot while batches are committed, and first reads the registry
/// after the swap: it finds the new tables, but only the batches that its snapshot shows. This needs a transaction at
/// REPEATABLE READ that began before or during the first whole load and has read none of the locked tables. The swap
/// waits for transactions that have read one.
struct InitialPublish {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: LoadState
  let built: InitialLoad.Built
  let replacesSamples: Bool

  func perform(_ session: inout Connection) throws -> Publication {
    for attempt in 1...max(1, settings.limits.lockAttempts) {
      do {
        return try publish(&session) { session in try swap(&session) }
      } catch let error as PostgresError where error.sqlState == "55P03" {
        // Readers hold the tables. The pause lets waiting readers run before the next attempt.
        settings.events(
          .note("readers hold locks on the tables (attempt \(attempt) of \(settings.limits.lockAttempts))"))
        try settings.pause(1)
      } catch let error as TableSwap.Obstacle {
        guard !replacesSamples else { throw RestartLoad(reason: "the tables cannot be swapped: \(error.reason)") }
        settings.events(.note("the tables cannot be swapped, the rows are copied: \(error.reason)"))
        break
      }
    }
    // Existing rows are never deleted and inserted again: rows that refer to them could be deleted, too. The
    // incremental load keeps them.
    guard !replacesSamples else { throw RestartLoad(reason: "readers hold locks on the tables") }
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
      // Before the swap: readers wait from then on.
      try IndustryList.update(RegistryTable.industry.bulkName, sourceDate: snapshot.transform.sourceDate, &session)
      try fill(&session)
      let state = RegistryState(
        registrations: snapshot.totals.processed, industries: snapshot.transform.industries)
      let refusals = try Gate.initialRefusals(settings, snapshot, &session)
      if replacesSamples { try SampleRows.remove(&session) }
      let publication = try Publication.write(
        &session, settings, snapshot, load.job, .initial,
        .init(state: state, inserted: state.registrations, refusals: refusals, groups: built.groups))
      try load.job.succeed(&session, status: settings.status(of: snapshot))
      try LoadState.finish(&session)
      return publication
    }
    return publication
  }

  private func swap(_ session: inout Connection) throws {
    // With samples, also lock the other tables that a reader may have read before.
    try TableSwap.lock(
      replacesSamples ? SampleRows.tables : [], timeoutMilliseconds: settings.limits.lockTimeoutMilliseconds, &session)
    try requireUnfilled(&session)
    try TableSwap(indexes: built.indexes, mayHaveRows: replacesSamples).perform(&session)
  }

  /// Copies the rows with INSERT if the tables cannot be swapped, also in one transaction, and without a lock that
  /// blocks readers.
  private func insert(_ session: inout Connection) throws {
    try requireUnfilled(&session)
    for table in RegistryTable.both {
      let columns = table.columns.joined(separator: ", ")
      try session.execute("INSERT INTO \(table.name) (\(columns)) SELECT \(columns) FROM \(table.bulkName)")
    }
  }

  private func requireUnfilled(_ session: inout Connection) throws {
    guard try replacesSamples || ReplacementCheck.isEmpty(&session) else {
      throw RestartLoad(reason: "the registry was filled by another session")
    }
  }
}
