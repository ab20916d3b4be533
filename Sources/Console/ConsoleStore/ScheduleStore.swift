import Postgres
import Schedules

/// The schedules, and the queueing of their tasks.
public enum ScheduleStore {
  /// How late a run may be queued. A due time that is older counts as missed and is not made up.
  public static let graceSeconds: Int64 = 60

  public static func list(on connection: inout Connection) throws -> [Schedule] {
    try connection.rows("SELECT \(Schedule.columns) FROM console.schedule ORDER BY name").map { try Schedule($0) }
  }

  public static func find(_ id: Int, on connection: inout Connection) throws -> Schedule? {
    try connection.rows("SELECT \(Schedule.columns) FROM console.schedule WHERE id = $1", [String(id)]).first
      .map { try Schedule($0) }
  }

  public static func find(name: String, on connection: inout Connection) throws -> Schedule? {
    try connection.rows("SELECT \(Schedule.columns) FROM console.schedule WHERE name = $1", [name]).first
      .map { try Schedule($0) }
  }

  /// Creates a schedule.
  ///
  /// - Returns: its number.
  /// - Throws: ``ScheduleDraft/Fault``, ``ConsoleStoreError/scheduleExists(_:)``.
  @discardableResult
  public static func create(_ draft: ScheduleDraft, by account: String?, on connection: inout Connection) throws -> Int
  {
    let now = try now(&connection)
    let first = try draft.check(now: now)
    let made = try connection.rows(
      """
      INSERT INTO console.schedule (name, kind, timing, time_zone, repeats, limit_minutes, retries, retry_minutes,
        anchored_at, next_at, created_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9::bigint), to_timestamp($10::bigint), $11)
      ON CONFLICT (name) DO NOTHING RETURNING id
      """, values(draft) + [String(now), String(first), account])
    guard let id = try made.first?.int("id") else { throw ConsoleStoreError.scheduleExists(draft.name) }
    return id
  }

  /// Changes a schedule. If its timing stays the same, its intervals are counted from the same anchor.
  ///
  /// - Parameter version: the ``ScheduleDraft/version`` that the user edited; nil for any.
  /// - Returns: false if the schedule does not exist any more.
  /// - Throws: ``ConsoleStoreError/scheduleChanged`` if another user has changed it meanwhile.
  public static func change(
    _ id: Int, _ draft: ScheduleDraft, from version: String? = nil, on connection: inout Connection
  ) throws -> Bool {
    try connection.joined { connection in
      guard let old = try locked(id, &connection) else { return false }
      guard version == nil || version == old.draft.version else { throw ConsoleStoreError.scheduleChanged }
      guard
        try connection.execute(
          "SELECT FROM console.schedule WHERE name = $1 AND id <> $2", [draft.name, String(id)]
        ).affected == 0
      else { throw ConsoleStoreError.scheduleExists(draft.name) }
      let now = try now(&connection)
      _ = try draft.check(now: now)
      let anchor = draft.timing == old.draft.timing ? old.anchor : now
      let next = try draft.timetable(anchor: anchor).next(after: now)
      try connection.execute(
        """
        UPDATE console.schedule SET name = $1, kind = $2, timing = $3, time_zone = $4, repeats = $5, limit_minutes = $6,
          retries = $7, retry_minutes = $8, anchored_at = to_timestamp($9::bigint),
          next_at = CASE WHEN is_paused THEN NULL ELSE to_timestamp($10::bigint) END
        WHERE id = $11
        """, values(draft) + [String(anchor), next.map { String($0) }, String(id)])
      return true
    }
  }

  /// Pauses a schedule, or resumes it with its next due time. Times during the pause are not made up or counted as
  /// missed.
  ///
  /// - Returns: false if the schedule does not exist.
  public static func setPaused(_ id: Int, _ isPaused: Bool, on connection: inout Connection) throws -> Bool {
    try connection.joined { connection in
      guard let schedule = try locked(id, &connection) else { return false }
      let now = try now(&connection)
      let next =
        isPaused || schedule.isOver ? nil : try schedule.draft.timetable(anchor: schedule.anchor).next(after: now)
      try connection.execute(
        "UPDATE console.schedule SET is_paused = $2, next_at = to_timestamp($3::bigint) WHERE id = $1",
        [String(id), isPaused ? "t" : "f", next.map { String($0) }])
      return true
    }
  }

  /// Removes a schedule, and stops its queued tasks. A run under way continues.
  ///
  /// - Returns: false if the schedule does not exist.
  public static func remove(_ id: Int, on connection: inout Connection) throws -> Bool {
    try connection.joined { connection in
      try connection.execute(
        """
        UPDATE console.task SET state = 'stopped', reason = 'stopped', ended_at = now()
        WHERE schedule_id = $1 AND state = 'queued'
        """, [String(id)])
      let isRemoved = try connection.execute("DELETE FROM console.schedule WHERE id = $1", [String(id)]).affected == 1
      return isRemoved
    }
  }

  // MARK: For the worker

  /// Queues tasks for due schedules. A task and its schedule's next due time commit together, so a killed worker
  /// neither loses a due time nor queues it twice.
  ///
  /// - Parameter now: Unix seconds; nil for the database's own clock.
  /// - Returns: names and faults of schedules whose timing cannot be read here: this machine does not know their zone,
  ///   or a newer console wrote them. They are suspended until a user changes them, and do not delay other schedules.
  @discardableResult
  public static func enqueueDue(
    now: Int64? = nil, on connection: inout Connection
  ) throws -> [(name: String, fault: ScheduleDraft.Fault)] {
    try connection.transaction { connection in
      let now = try now ?? self.now(&connection)
      try bringForward(now: now, &connection)
      let due = try connection.rows(
        """
        SELECT \(Schedule.columns) FROM console.schedule
        WHERE next_at <= to_timestamp($1::bigint) AND NOT is_paused AND repeats <> 0 FOR UPDATE
        """, [String(now)]
      ).map { try Schedule($0) }
      var faulty: [(name: String, fault: ScheduleDraft.Fault)] = []
      for schedule in due {
        do { try enqueue(schedule, now: now, &connection) } catch let fault as ScheduleDraft.Fault {
          faulty.append((schedule.draft.name, fault))
          try connection.execute("UPDATE console.schedule SET next_at = NULL WHERE id = $1", [String(schedule.id)])
        }
      }
      return faulty
    }
  }

  /// Corrects next due times that are too late because the server's clock was ahead, for instance before NTP set it. A
  /// due time that already had its task is not used again.
  private static func bringForward(now: Int64, _ connection: inout Connection) throws {
    let ahead = try connection.rows(
      """
      SELECT \(Schedule.columns) FROM console.schedule
      WHERE next_at > to_timestamp($1::bigint) AND NOT is_paused AND repeats <> 0
      """, [String(now)]
    ).map(Schedule.init)
    for schedule in ahead {
      guard let timetable = try? schedule.draft.timetable(anchor: schedule.anchor),
        let next = timetable.next(after: now), let found = schedule.nextAt, next < found
      else { continue }
      try connection.execute(
        """
        UPDATE console.schedule SET next_at = to_timestamp($2::bigint)
        WHERE id = $1 AND next_at = to_timestamp($3::bigint)
          AND NOT EXISTS (SELECT FROM console.task WHERE schedule_id = $1 AND due_at = to_timestamp($2::bigint))
        """, [String(schedule.id), String(next), String(found)])
    }
  }

  private static func enqueue(_ schedule: Schedule, now: Int64, _ connection: inout Connection) throws {
    let timetable = try schedule.draft.timetable(anchor: schedule.anchor)
    let first = schedule.nextAt ?? now
    // Only the newest due time within the grace period gets a task. At most a thousand missed times are counted.
    let kept = timetable.times(after: max(first, now - graceSeconds) - 1, through: now, atMost: 120).last
    var missed = timetable.times(after: first - 1, through: now, atMost: 1000).count
    var isQueued = false
    if let kept {
      // If a task of this schedule is still queued, no other is added.
      isQueued =
        try connection.execute(
          """
          INSERT INTO console.task (kind, schedule_id, due_at, limit_minutes)
          SELECT $1::text, $2::bigint, to_timestamp($3::bigint), $4::integer
          WHERE NOT EXISTS (SELECT FROM console.task WHERE schedule_id = $2::bigint AND state = 'queued')
          ON CONFLICT DO NOTHING
          """,
          [schedule.draft.kind.rawValue, String(schedule.id), String(kept), String(schedule.draft.limitMinutes)]
        ).affected == 1
      if isQueued { missed -= 1 }
    }
    let lastMissed =
      missed > 0 ? timetable.last(after: first - 1, through: isQueued ? (kept ?? now) - 1 : now) : nil
    let repeats = isQueued && schedule.draft.repeats > 0 ? schedule.draft.repeats - 1 : schedule.draft.repeats
    let next = repeats == 0 ? nil : timetable.next(after: now)
    try connection.execute(
      """
      UPDATE console.schedule SET next_at = to_timestamp($2::bigint), repeats = $3::integer, missed = missed + $4::bigint,
        missed_at = coalesce(to_timestamp($5::bigint), missed_at)
      WHERE id = $1
      """,
      [
        String(schedule.id), next.map { String($0) }, String(repeats), String(max(missed, 0)),
        lastMissed.map { String($0) },
      ])
  }

  /// Returns the seconds until a schedule is due or a task may begin; nil if there is neither.
  public static func secondsToNext(on connection: inout Connection) throws -> Double? {
    try connection.row(
      """
      SELECT extract(epoch FROM least(
        (SELECT min(next_at) FROM console.schedule WHERE NOT is_paused AND repeats <> 0),
        (SELECT min(not_before) FROM console.task WHERE state = 'queued')) - now()) AS seconds
      """
    ).optionalValue("seconds", "a number") { Double($0) }
  }

  private static func now(_ connection: inout Connection) throws -> Int64 {
    Int64(try connection.int("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint"))
  }

  private static func locked(_ id: Int, _ connection: inout Connection) throws -> Schedule? {
    try connection.rows("SELECT \(Schedule.columns) FROM console.schedule WHERE id = $1 FOR UPDATE", [String(id)])
      .first.map { try Schedule($0) }
  }

  private static func values(_ draft: ScheduleDraft) -> [String?] {
    [
      draft.name, draft.kind.rawValue, draft.timing, draft.timeZone, String(draft.repeats), String(draft.limitMinutes),
      String(draft.retries), String(draft.retryMinutes),
    ]
  }
}

extension Timetable {
  /// Returns the due moments later than `moment`, up to and including `last`.
  fileprivate func times(after moment: Int64, through last: Int64, atMost count: Int) -> [Int64] {
    var times: [Int64] = []
    while times.count < count, let next = next(after: times.last ?? moment), next <= last { times.append(next) }
    return times
  }

  /// Returns the last due moment later than `moment`, up to and including `last`; nil if there is none.
  fileprivate func last(after moment: Int64, through last: Int64) -> Int64? {
    // There may be very many since `moment`, so the search goes back from `last`, twice as far each time.
    var seconds: Int64 = 60
    while true {
      let from = max(moment, last - seconds)
      if let found = times(after: from, through: last, atMost: Int(seconds / 60) + 1).last { return found }
      if from == moment { return nil }
      seconds *= 2
    }
  }
}
