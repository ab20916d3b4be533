import Postgres
import Spool
import Support

/// The load under way, as the ledger has it: who may write, and which batches are in.
struct CurrentLoad: Sendable {
  let kind: LoadKind
  let job: JobRun
  /// Publication that it is compared with, nil for none.
  let base: Int?
  /// Batches that an earlier attempt or run left, by number.
  let batchesIn: Set<Int>
  private let lock: RunLock
  /// Grows with each taking over: a session of an older attempt, still alive somewhere, commits nothing more.
  private let fence: Int

  /// Takes the load over for this session's attempt. Waits for batches that stray workers are committing.
  ///
  /// - Parameter anew: whether what an earlier attempt staged is of no use, whatever it was.
  static func takeOver(
    _ session: inout Connection, _ lock: RunLock, _ snapshot: FinalizedSnapshot, _ action: LoadAction, _ kind: LoadKind,
    _ job: JobRun, base: Int?, anew: Bool = false, events: (LoadEvent) -> Void
  ) throws -> CurrentLoad {
    try session.transaction("take-over") { session in
      try session.execute("SET LOCAL lock_timeout = '10s'")
      let transform = snapshot.transform
      let identity = [
        kind.rawValue, transform.contentSHA256, "\(transform.rulesVersion)", transform.sourceDate, base.map { "\($0)" },
        action.rawValue,
      ]
      let rows = try session.execute(
        """
        SELECT fence, kind, content_sha256, rules_version, source_date, base_publication, action
        FROM current_load FOR UPDATE
        """)
      guard let row = rows.values.first, let before = row[0].flatMap({ Int($0) }) else {
        throw Failure(
          .configuration, "\(session.place): current_load has lost its row",
          hint: "INSERT INTO current_load (fence) VALUES (\(Int.max / 2))")
      }
      var batchesIn: Set<Int> = []
      if !anew, Array(row[1...]) == identity { batchesIn = try ledger(&session, snapshot, kind) }
      if batchesIn.isEmpty {
        try discard(&session)
        if row[1] != nil, !anew {
          events(.note("what an earlier load left is of other content or no use: it is discarded"))
        }
        if kind == .bulk { try BulkTables.create(&session, sourceDate: transform.sourceDate) }
      } else {
        events(.note("going on past \(batchesIn.count) of \(snapshot.batches.count) batches that are in"))
      }
      // What is staged by what only this run knows must never be taken up by another: it is written down as of no content.
      let written = anew ? [identity[0], nil] + identity[2...] : identity
      try session.execute(
        """
        UPDATE current_load SET fence = \(before + 1), job_run_id = \(job.id), kind = $1, content_sha256 = $2,
          rules_version = $3, source_date = $4, base_publication = $5, action = $6, updated_at = clock_timestamp()
        """, written)
      return CurrentLoad(kind: kind, job: job, base: base, batchesIn: batchesIn, lock: lock, fence: before + 1)
    }
  }

  /// Makes sure, to the end of the transaction, that nobody has taken the load over. The first statement of a batch.
  func hold(_ session: inout Connection) throws {
    try hold(&session, "SHARE")
  }

  /// Enters a batch, in the transaction that loads it.
  func enter(_ batch: Batch, staged: Int, _ session: inout Connection) throws {
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

  /// Locks the load for the transaction that publishes it. A run that has lost the run lock publishes nothing.
  func holdAlone(_ session: inout Connection) throws {
    try hold(&session, "UPDATE")
    try lock.requireHeld()
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

  private func hold(_ session: inout Connection, _ strength: String) throws {
    let rows = try session.execute("SELECT FROM current_load WHERE fence = \(fence) FOR \(strength)")
    guard rows.affected == 1 else {
      throw Failure(
        .temporary, "\(session.place): another run has taken over this load",
        hint: "wait for it to end, then run the same command again")
    }
  }

  /// The batches that are in, if all of them belong to this snapshot and their rows are there.
  private static func ledger(
    _ session: inout Connection, _ snapshot: FinalizedSnapshot, _ kind: LoadKind
  ) throws -> Set<Int> {
    if kind == .bulk, try !BulkTables.exist(&session) { return [] }
    var batchesIn: Set<Int> = []
    for row in try session.execute("SELECT batch_number, content_sha256 FROM load_batch").values {
      guard let number = row[0].flatMap({ Int($0) }), snapshot.batches.indices.contains(number - 1),
        snapshot.batches[number - 1].contentSHA256 == row[1]
      else { return [] }
      batchesIn.insert(number)
    }
    return batchesIn
  }

  /// Clears the ledger and what is staged.
  private static func discard(_ session: inout Connection) throws {
    try session.execute("DELETE FROM load_batch")
    try session.execute("DELETE FROM incoming_removal")
    // A day on which everything changed leaves millions of rows: where the role may, they go at once.
    for table in ["incoming_industry", "incoming_registration"] {
      let truncates = try session.execute("SELECT pg_catalog.has_table_privilege('\(table)', 'TRUNCATE')").truth
      let many = try session.execute("SELECT count(*) > 10000 FROM (SELECT FROM \(table) LIMIT 10001) AS rows").truth
      try session.execute(truncates && many ? "TRUNCATE \(table)" : "DELETE FROM \(table)")
    }
    try BulkTables.dropIfOurs(&session)
  }
}
