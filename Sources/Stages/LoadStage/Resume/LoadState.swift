import Postgres
import Spool
import Support

/// The state of the load in the database: which attempt may write, and which batches are loaded.
struct LoadState: Sendable {
  let kind: LoadKind
  let job: JobRun
  /// ID of the publication that the snapshot is compared with; nil for none.
  let base: Int?
  /// Numbers of the batches that an earlier attempt or run loaded.
  let batchesIn: Set<Int>
  private let runLock: RunLock
  /// Grows with each ``acquire``, so that a session of an older attempt cannot commit any more.
  private let fence: Int

  /// Acquires the load for this attempt. Waits for batches that workers of an older attempt are committing.
  ///
  /// - Parameter restarting: whether to discard what an earlier attempt staged, and keep other runs from resuming this load.
  static func acquire(
    _ session: inout Connection, _ lock: RunLock, _ snapshot: FinalizedSnapshot, _ action: LoadAction, _ kind: LoadKind,
    _ job: JobRun, base: Int?, restarting: Bool = false, events: (LoadEvent) -> Void
  ) throws -> LoadState {
    // Tables that a killed load rebuilt are not reused. They go first and alone: on a full disk, nothing else would be
    // released, since TRUNCATE needs space.
    if kind == .incremental { try BulkTables.dropLeftovers(&session) }
    return try session.transaction("take-over") { session in
      try session.execute("SET LOCAL lock_timeout = '10s'")
      let transform = snapshot.transform
      let identity = [
        kind.rawValue, transform.contentSHA256, "\(transform.rulesVersion)", transform.sourceDate, base.map { "\($0)" },
        action.rawValue,
      ]
      let rows = try session.rows(
        """
        SELECT fence, kind, content_sha256, rules_version, source_date, base_publication, action
        FROM current_load FOR UPDATE
        """)
      guard let row = rows.first else {
        throw Failure(
          .configuration, "\(session.place): table current_load is empty; it must have one row",
          hint: "run in psql: INSERT INTO current_load (fence) VALUES (\(Int.max / 2))")
      }
      let before = try row.int("fence")
      let staged = try ["kind", "content_sha256", "rules_version", "source_date", "base_publication", "action"]
        .map { try row.optionalText($0) }
      var batchesIn: Set<Int> = []
      if !restarting, staged == identity { batchesIn = try loadedBatches(&session, snapshot, kind) }
      if batchesIn.isEmpty {
        try discard(&session)
        if staged[0] != nil, !restarting {
          events(.note("discarded the rows of an interrupted load: this load cannot resume from them"))
        }
        if kind == .initial { try BulkTables.create(&session, sourceDate: transform.sourceDate) }
      } else {
        events(.note("resuming: \(batchesIn.count) of \(snapshot.batches.count) batches are already loaded"))
      }
      // No content hash: another run must not resume from rows that depend on this run's input.
      let written = restarting ? [identity[0], nil] + identity[2...] : identity
      try session.execute(
        """
        UPDATE current_load SET fence = \(before + 1), job_run_id = \(job.id), kind = $1, content_sha256 = $2,
          rules_version = $3, source_date = $4, base_publication = $5, action = $6, updated_at = clock_timestamp()
        """, written)
      return LoadState(kind: kind, job: job, base: base, batchesIn: batchesIn, runLock: lock, fence: before + 1)
    }
  }

  /// Checks that no other attempt has acquired the load, and prevents it until the transaction ends. A batch's first
  /// statement.
  func lockShared(_ session: inout Connection) throws {
    try lock(&session, "SHARE")
  }

  /// Records a batch in load_batch, in the transaction that loads it.
  func insert(_ batch: Batch, staged: Int, _ session: inout Connection) throws {
    try session.execute(
      """
      INSERT INTO load_batch (batch_number, content_sha256, registrations, industries, staged, job_run_id)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        "\(batch.number)", batch.contentSHA256, "\(batch.registrations.records)", "\(batch.industries.records)",
        "\(staged)", "\(job.id)",
      ])
  }

  /// Locks the load for the transaction that publishes it. A run that has lost its lock publishes nothing.
  func lockExclusive(_ session: inout Connection) throws {
    try lock(&session, "UPDATE")
    try runLock.requireHeld()
  }

  /// Ends the load, in the transaction that publishes it.
  static func finish(_ session: inout Connection) throws {
    try discard(&session)
    try session.execute(
      """
      UPDATE current_load SET fence = fence + 1, job_run_id = NULL, kind = NULL, content_sha256 = NULL,
        rules_version = NULL, source_date = NULL, base_publication = NULL, action = NULL, updated_at = clock_timestamp()
      """)
  }

  private func lock(_ session: inout Connection, _ strength: String) throws {
    let rows = try session.execute("SELECT FROM current_load WHERE fence = \(fence) FOR \(strength)")
    guard rows.affected == 1 else {
      throw Failure(
        .temporary, "\(session.place): another run has continued this load; this run publishes nothing",
        hint: "wait for it to end, then run the same command again")
    }
  }

  /// Returns the batches that are loaded; none unless all belong to this snapshot and their rows exist.
  private static func loadedBatches(
    _ session: inout Connection, _ snapshot: FinalizedSnapshot, _ kind: LoadKind
  ) throws -> Set<Int> {
    if kind == .initial, try !BulkTables.exist(&session) { return [] }
    var batchesIn: Set<Int> = []
    for row in try session.rows("SELECT batch_number, content_sha256 FROM load_batch") {
      let number = try row.int("batch_number")
      guard snapshot.batches.indices.contains(number - 1),
        snapshot.batches[number - 1].contentSHA256 == (try row.text("content_sha256"))
      else { return [] }
      batchesIn.insert(number)
    }
    return batchesIn
  }

  /// Whether the role may truncate a table, and no other session uses it, such as pg_dump. Waiting for that session would
  /// stop the readers of the registry, whose tables are locked already, and could be a deadlock.
  private static func mayTruncate(_ table: String, _ session: inout Connection) throws -> Bool {
    guard try session.bool("SELECT pg_catalog.has_table_privilege('\(table)', 'TRUNCATE')") else { return false }
    try session.execute("SAVEPOINT discard")
    do {
      try session.execute("LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE NOWAIT")
      return true
    } catch let error as PostgresError where error.sqlState == "55P03" {
      try session.execute("ROLLBACK TO SAVEPOINT discard")
      return false
    }
  }

  /// Clears load_batch and what is staged. There may be millions of rows.
  private static func discard(_ session: inout Connection) throws {
    try session.execute("DELETE FROM load_batch")
    try session.execute("DELETE FROM incoming_removal")
    for table in ["incoming_industry", "incoming_registration"] {
      let many = try session.bool("SELECT count(*) > 10000 FROM (SELECT FROM \(table) LIMIT 10001) AS rows")
      try session.execute(many && mayTruncate(table, &session) ? "TRUNCATE \(table)" : "DELETE FROM \(table)")
    }
    for table in ["load_batch", "incoming_removal", "incoming_registration", "incoming_industry"] {
      if try session.bool("SELECT EXISTS (SELECT FROM \(table))") { throw Failure(suppressedRowsOf: table, session) }
    }
    try BulkTables.dropIfOurs(&session)
  }
}
