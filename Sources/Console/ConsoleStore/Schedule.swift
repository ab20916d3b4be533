import Foundation
import Postgres
import Schedules

/// A schedule as stored.
public struct Schedule: Sendable, Equatable {
  public let id: Int
  public let draft: ScheduleDraft
  public let isPaused: Bool
  /// Unix seconds from which "every N minutes" is counted.
  public let anchor: Int64
  /// When it is due next, in Unix seconds; nil while it is paused, suspended or over.
  public let nextAt: Int64?
  /// The number of due times without a run.
  public let missed: Int
  /// The last of them, in Unix seconds.
  public let missedAt: Int64?
  /// The account; nil for the command line.
  public let createdBy: String?

  /// Whether all its repeats have run.
  public var isOver: Bool { draft.repeats == 0 }

  static let columns = """
    id, name, kind, timing, time_zone, repeats, limit_minutes, retries, retry_minutes, is_paused,
    floor(extract(epoch FROM anchored_at))::bigint AS anchor, floor(extract(epoch FROM next_at))::bigint AS next,
    missed, floor(extract(epoch FROM missed_at))::bigint AS missed_seconds, created_by
    """

  init(_ row: Row) throws {
    id = try row.int("id")
    draft = ScheduleDraft(
      name: try row.text("name"), kind: try row.value("kind"), timing: try row.text("timing"),
      timeZone: try row.text("time_zone"), repeats: try row.int("repeats"), limitMinutes: try row.int("limit_minutes"),
      retries: try row.int("retries"), retryMinutes: try row.int("retry_minutes"))
    isPaused = try row.bool("is_paused")
    anchor = try row.int("anchor", as: Int64.self)
    nextAt = try row.optionalInt("next", as: Int64.self)
    missed = try row.int("missed")
    missedAt = try row.optionalInt("missed_seconds", as: Int64.self)
    createdBy = try row.optionalText("created_by")
  }
}
