import Postgres

/// A run of `pipeline.sh` that a user or a schedule has queued.
public struct ConsoleTask: Sendable, Equatable {
  public let id: Int
  public let kind: Kind
  /// Arguments of `pipeline.sh` after the command.
  public let arguments: [String]
  public let state: State
  public let scheduleID: Int?
  /// The schedule's name, while the schedule exists.
  public let schedule: String?
  /// When the schedule was due. This and other times are in UTC, as PostgreSQL writes them.
  public let dueAt: String?
  /// Counted from 1.
  public let attempt: Int
  public let limitMinutes: Int
  /// The account; nil for a schedule.
  public let askedBy: String?
  public let queuedAt: String
  /// The same in microseconds since 1970. With the number it distinguishes the task from those of other databases.
  public let queuedMicroseconds: String
  /// When it may begin at the earliest: a retry waits.
  public let notBefore: String
  public let startedAt: String?
  public let endedAt: String?
  public let host: String?
  /// The run's identifier in the logs and in `etl_job_run`.
  public let runID: String?
  /// The exit code of `pipeline.sh`; nil while it runs, and if it was killed without one.
  public let exitCode: Int?
  public let reason: Reason?
  public let stopAskedBy: String?
  /// The newest publication when the task was queued, if its effect depends on that; else nil.
  public let publication: Int?

  /// The command of `pipeline.sh`.
  public enum Kind: String, Sendable, CaseIterable {
    case run
    case dryRun = "dry-run"
    case fetch, transform, load, rollback

    /// Options in addition to the task's arguments: the console's dry run also compares with the database.
    public var options: [String] { self == .dryRun ? ["--check"] : [] }
  }

  public enum State: String, Sendable, CaseIterable {
    case queued, running
    /// Exit code 0.
    case succeeded
    case failed
    /// A user stopped it or removed it from the queue.
    case stopped

    public var isOver: Bool { self != .queued && self != .running }
  }

  /// Why it did not succeed, if the exit code does not tell.
  public enum Reason: String, Sendable {
    /// It reached its time limit and was stopped.
    case timeLimit = "time limit"
    /// Its process was killed, or the machine went down.
    case cutShort = "cut short"
    /// It could not be started.
    case notStarted = "not started"
    /// The registry was published again after the task was queued, so its effect would differ from the preview.
    case overtaken
    /// A user stopped it.
    case stopped
  }

  static let columns = """
    t.id, t.kind, t.arguments, t.state, t.schedule_id, s.name AS schedule, t.due_at, t.attempt, t.limit_minutes,
    t.asked_by, t.queued_at, t.not_before, t.started_at, t.ended_at, t.host, t.run_id, t.exit_code, t.reason, t.stop_asked_by,
    t.publication, floor(extract(epoch FROM t.queued_at) * 1000000)::bigint AS queued_microseconds
    """

  init(_ row: Row) throws {
    id = try row.int("id")
    kind = try row.value("kind")
    arguments = try row.textArray("arguments")
    state = try row.value("state")
    scheduleID = try row.optionalInt("schedule_id")
    schedule = try row.optionalText("schedule")
    dueAt = try row.optionalText("due_at")
    attempt = try row.int("attempt")
    limitMinutes = try row.int("limit_minutes")
    askedBy = try row.optionalText("asked_by")
    queuedAt = try row.text("queued_at")
    notBefore = try row.text("not_before")
    startedAt = try row.optionalText("started_at")
    endedAt = try row.optionalText("ended_at")
    host = try row.optionalText("host")
    runID = try row.optionalText("run_id")
    exitCode = try row.optionalInt("exit_code")
    reason = try row.optionalValue("reason")
    stopAskedBy = try row.optionalText("stop_asked_by")
    publication = try row.optionalInt("publication")
    queuedMicroseconds = try row.text("queued_microseconds")
  }
}
