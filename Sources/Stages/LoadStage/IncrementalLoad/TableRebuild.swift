import CommandKit
import Postgres
import Support

/// Rebuilds the registry's tables on a day with many differences. Sessions of its own write the new contents into new
/// tables and then build the indexes, while the transaction that publishes writes the change feed. That transaction
/// then swaps the tables. If it cannot, the rows are written one by one.
struct TableRebuild: Sendable {
  /// The rebuilt tables.
  struct Built: Sendable {
    let indexes: [BulkIndexes.Index]
    let state: RegistryState
  }

  let workers: BatchWorkers
  let settings: LoadSettings
  /// Date of the rows that are written.
  let sourceDate: String?

  /// Starts the rebuild from the committed rows. Locks the registry's tables against writers until the transaction
  /// ends.
  ///
  /// - Parameter session: the session of the transaction that publishes.
  /// - Throws: a ``TableSwap/Obstacle`` if another session is writing to the tables.
  func start(_ session: inout Connection) throws -> BackgroundTask<Built> {
    try session.execute("SET LOCAL lock_timeout = '\(5 * settings.limits.lockTimeoutMilliseconds)ms'")
    do { try session.execute("LOCK TABLE tax_registration, business_industry IN SHARE MODE") } catch let error
      as PostgresError where error.sqlState == "55P03"
    { throw TableSwap.Obstacle(reason: "another session is writing to them") }
    try session.execute("SET LOCAL lock_timeout = '\(TransactionSettings.lockTimeout)'")
    let now = try session.optionalText("SELECT pg_catalog.now()")
    return BackgroundTask { [self] isCancelled in
      var access = workers.access
      let stop = access.stop
      access.stop = {
        try stop()
        try isCancelled()
      }
      var session = try access.open()
      session.settings?["synchronous_commit"] = "off"
      session.settings?["work_mem"] = "64MB"
      session.settings?["maintenance_work_mem"] = "256MB"
      let state = try fill(&session, now: now)
      // The change feed uses a core and a session of its own.
      let workers = BatchWorkers(access: access, count: max(1, workers.count - 1))
      let indexes = try BulkIndexes.build(&session, workers, nil, events: settings.events)
      try BulkIndexes.complete(&session, events: settings.events)
      return Built(indexes: indexes, state: state)
    }
  }

  /// Waits until the tables are built.
  ///
  /// - Throws: a ``TableSwap/Obstacle`` if a session was lost, the server grants too few, or the foreign key is violated.
  func finish(_ building: BackgroundTask<Built>) throws -> Built {
    do { return try building.value() } catch let error as PostgresError where error.kind == .temporary {
      throw TableSwap.Obstacle(reason: error.message)
    } catch let error as PostgresError where error.sqlState == "23503" {
      throw TableSwap.Obstacle(
        reason: "business_industry has industries of businesses that do not exist, which load --verify removes")
    }
  }

  private func fill(_ session: inout Connection, now: String?) throws -> RegistryState {
    settings.events(.phase("writing the new contents into new tables"))
    return try session.transaction("rebuild") { session in
      try BulkTables.create(&session, sourceDate: nil)
      let table = RegistryTable.registration
      let registrations = try session.execute(
        String(
          sql: PackageResources.fill_bulk_registrations_sql,
          [
            "columns": table.copyList, "staged": table.copied.map { "n.\($0)" }.joined(separator: ", "),
            "kept": table.copied.map { "r.\($0)" }.joined(separator: ", "),
          ]), [sourceDate, now]
      ).affected
      let industries = try session.execute(String(sql: PackageResources.fill_bulk_industries_sql)).affected
      return RegistryState(registrations: registrations, industries: industries)
    }
  }

  /// Waits for the end of every transaction whose snapshot is older than the new rows: after the swap it would find the
  /// new tables, but none of their rows. CREATE INDEX CONCURRENTLY waits for these transactions.
  ///
  /// - Throws: a ``TableSwap/Obstacle`` if one lasts too long.
  func waitForOldSnapshots() throws {
    let seconds = settings.limits.snapshotWaitSeconds
    do {
      var session = try workers.access.open(withinSeconds: seconds)
      let table = try session.optionalText(
        "SELECT pg_catalog.format('%I.tax_registration_bulk', pg_catalog.current_schema())")
      try session.executeOutsideTransaction(
        "CREATE INDEX CONCURRENTLY tax_registration_wait_bulk ON \(table ?? "") (ban) WHERE false")
      try session.execute("DROP INDEX tax_registration_wait_bulk")
    } catch {
      try settings.stop()
      let cause = (error as? PostgresError)?.message ?? (error as? Failure)?.message ?? "\(error)"
      throw TableSwap.Obstacle(reason: "a transaction that began before may still read them, or \(cause)")
    }
  }

  /// Locks the tables for the swap. Waits for readers in short attempts, so that new readers do not wait for long.
  func lockForSwap(_ session: inout Connection) throws {
    for attempt in 1...settings.limits.rebuildLockAttempts {
      try session.execute("SAVEPOINT swap")
      do {
        return try TableSwap.lock(timeoutMilliseconds: min(100, settings.limits.lockTimeoutMilliseconds), &session)
      } catch let error as PostgresError where error.sqlState == "55P03" {
        try session.execute("ROLLBACK TO SAVEPOINT swap")
        settings.events(
          .note("readers hold locks on the tables (attempt \(attempt) of \(settings.limits.rebuildLockAttempts))"))
        try settings.pause(1)
      }
    }
    throw TableSwap.Obstacle(reason: "readers hold locks on them")
  }
}
