import Postgres
import Support

/// The queue of runs and their results, in the database. Workers claim rows with SKIP LOCKED, so that no run is claimed
/// twice.
public enum Tasks {
  // MARK: For users

  /// Queues a run.
  ///
  /// - Parameter publication: the newest publication, if the run may begin only while there is no newer one; else nil.
  /// - Returns: its number.
  public static func add(
    _ kind: ConsoleTask.Kind, _ arguments: [String] = [], by account: String?, limitMinutes: Int = 120,
    publication: Int? = nil, on connection: inout Connection
  ) throws -> Int {
    try connection.int(
      """
      INSERT INTO console.task (kind, arguments, asked_by, limit_minutes, publication) VALUES ($1, $2, $3, $4, $5)
      RETURNING id
      """,
      [
        kind.rawValue, PostgresArray.of(arguments), account, String(limitMinutes), publication.map { String($0) },
      ])
  }

  /// Removes a run from the queue, or requests that a run under way is stopped.
  ///
  /// - Throws: ``ConsoleStoreError/notQueued`` if it has ended.
  public static func stop(_ id: Int, by account: String?, on connection: inout Connection) throws {
    let changed = try connection.execute(
      """
      UPDATE console.task SET stop_asked_by = coalesce(stop_asked_by, $2, 'the command line'),
        state = CASE state WHEN 'queued' THEN 'stopped' ELSE state END,
        reason = CASE state WHEN 'queued' THEN 'stopped' ELSE reason END,
        ended_at = CASE state WHEN 'queued' THEN now() ELSE ended_at END
      WHERE id = $1 AND state IN ('queued', 'running')
      """, [String(id), account]
    ).affected
    guard changed == 1 else { throw ConsoleStoreError.notQueued }
  }

  // MARK: For pages

  /// Returns tasks, the newest first.
  public static func list(
    states: [ConsoleTask.State] = ConsoleTask.State.allCases,
    kinds: [ConsoleTask.Kind] = ConsoleTask.Kind.allCases, limit: Int, on connection: inout Connection
  ) throws -> [ConsoleTask] {
    try select(
      """
      WHERE t.state = ANY ($1::text[]) AND t.kind = ANY ($2::text[]) ORDER BY t.id DESC LIMIT $3::integer
      """,
      [
        PostgresArray.of(states.map(\.rawValue)), PostgresArray.of(kinds.map(\.rawValue)), String(limit),
      ], &connection)
  }

  public static func find(_ id: Int, on connection: inout Connection) throws -> ConsoleTask? {
    try select("WHERE t.id = $1", [String(id)], &connection).first
  }

  /// Returns the task of a run, by the run's identifier in the logs.
  public static func find(runID: String, on connection: inout Connection) throws -> ConsoleTask? {
    try select("WHERE t.run_id = $1 ORDER BY t.id DESC LIMIT 1", [runID], &connection).first
  }

  /// Returns the summary as JSON and the log as JSON lines. A run under way has no summary, and the log that was saved
  /// last.
  public static func output(_ id: Int, on connection: inout Connection) throws -> (summary: String?, log: String?) {
    let row = try connection.rows("SELECT summary, log FROM console.task WHERE id = $1", [String(id)]).first
    return (try row?.optionalText("summary"), try row?.optionalText("log"))
  }

  /// Returns a text that changes whenever the task or its log does; nil if there is no such task. A caller that waits
  /// for a change need not read the whole log.
  public static func mark(_ id: Int, on connection: inout Connection) throws -> String? {
    try connection.texts(
      "SELECT concat_ws(' ', state, stop_asked_by, length(log), md5(right(log, 1000))) FROM console.task WHERE id = $1",
      [String(id)]
    ).first
  }

  // MARK: For the worker

  /// Claims the queued run that may begin earliest.
  ///
  /// - Returns: nil if no run may begin now.
  public static func claim(host: String, on connection: inout Connection) throws -> ConsoleTask? {
    let taken = try connection.rows(
      """
      UPDATE console.task SET state = 'running', started_at = now(), host = $1 WHERE id = (
        SELECT id FROM console.task WHERE state = 'queued' AND not_before <= now()
        ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id
      """, [host])
    guard let id = try taken.first?.int("id") else { return nil }
    return try find(id, on: &connection)
  }

  /// Saves the log of a run under way.
  public static func save(_ id: Int, runID: String?, log: String, on connection: inout Connection) throws {
    try connection.execute(
      "UPDATE console.task SET run_id = coalesce($2, run_id), log = $3 WHERE id = $1 AND state = 'running'",
      [String(id), runID, log.replacing("\0", with: "␀")])
  }

  /// Records how a run ended. If a scheduled run failed with a retryable error, another attempt is queued, up to the
  /// schedule's number of retries.
  public static func end(_ id: Int, _ ending: Ending, on connection: inout Connection) throws {
    try connection.transaction { connection in
      let changed = try connection.execute(
        """
        UPDATE console.task SET state = $2, exit_code = $3, reason = $4, run_id = coalesce($5, run_id), summary = $6,
          log = $7, ended_at = now()
        WHERE id = $1 AND state = 'running'
        """,
        [
          String(id), ending.state.rawValue, ending.exitCode.map { String($0) }, ending.reason?.rawValue, ending.runID,
          ending.summary, ending.log.replacing("\0", with: "␀"),
        ]
      ).affected
      guard changed == 1, ending.isPassing else { return }
      try connection.execute(
        """
        INSERT INTO console.task (kind, arguments, schedule_id, due_at, attempt, not_before, limit_minutes)
        SELECT t.kind, t.arguments, s.id, t.due_at, t.attempt + 1, now() + s.retry_minutes * interval '1 minute',
          t.limit_minutes
        FROM console.task t JOIN console.schedule s ON s.id = t.schedule_id
        WHERE t.id = $1 AND t.attempt <= s.retries AND NOT s.is_paused
        ON CONFLICT DO NOTHING
        """, [String(id)])
    }
  }

  /// How a run ended.
  public struct Ending: Sendable {
    public let state: ConsoleTask.State
    public let exitCode: Int?
    public let reason: ConsoleTask.Reason?
    public let runID: String?
    /// JSON; nil if the run printed none.
    public let summary: String?
    public let log: String

    public init(
      _ state: ConsoleTask.State, exitCode: Int? = nil, reason: ConsoleTask.Reason? = nil, runID: String? = nil,
      summary: String? = nil, log: String = ""
    ) {
      self.state = state
      self.exitCode = exitCode
      self.reason = reason
      self.runID = runID
      self.summary = summary
      self.log = log
    }

    /// Whether the failure is retryable: exit code 75, killed, or not started.
    var isPassing: Bool { state == .failed && (exitCode == 75 || reason == .cutShort || reason == .notStarted) }
  }

  /// Deletes ended tasks that are older than the newest `count` tasks.
  public static func forgetOld(keeping count: Int, on connection: inout Connection) throws {
    try connection.execute(
      """
      DELETE FROM console.task WHERE state NOT IN ('queued', 'running')
        AND id <= (SELECT id FROM console.task ORDER BY id DESC OFFSET $1::integer LIMIT 1)
      """, [String(count)])
  }

  private static func select(_ rest: String, _ parameters: [String?], _ connection: inout Connection) throws
    -> [ConsoleTask]
  {
    try connection.rows(
      """
      SELECT \(ConsoleTask.columns) FROM console.task t LEFT JOIN console.schedule s ON s.id = t.schedule_id
      \(rest)
      """, parameters
    ).map { try ConsoleTask($0) }
  }
}
