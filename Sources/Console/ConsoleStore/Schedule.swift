import Foundation
import Schedules

/// What is to run when.
public struct Schedule: Sendable, Equatable {
  public let id: Int
  public let draft: ScheduleDraft
  public let isPaused: Bool
  /// Unix seconds: from when "every N minutes" is counted.
  public let anchor: Int64
  /// Unix seconds; nil while it rests or is over.
  public let nextAt: Int64?
  /// How often its time passed without a run.
  public let missed: Int
  public let missedAt: Int64?
  /// nil for the command line.
  public let createdBy: String?

  /// Whether it has run as often as it was to.
  public var isOver: Bool { draft.repeats == 0 }

  static let columns = """
    id, name, kind, timing, time_zone, repeats, limit_minutes, retries, retry_minutes, is_paused,
    floor(extract(epoch FROM anchored_at))::bigint, floor(extract(epoch FROM next_at))::bigint, missed,
    floor(extract(epoch FROM missed_at))::bigint, created_by
    """

  init?(_ row: [String?]) {
    func number(_ column: Int) -> Int? { row[column].flatMap { Int($0) } }
    guard row.count == 15, let id = number(0), let name = row[1],
      let kind = row[2].flatMap({ ConsoleTask.Kind(rawValue: $0) }),
      let timing = row[3], let timeZone = row[4], let repeats = number(5), let limit = number(6),
      let retries = number(7),
      let retryMinutes = number(8)
    else { return nil }
    self.id = id
    draft = ScheduleDraft(
      name: name, kind: kind, timing: timing, timeZone: timeZone, repeats: repeats, limitMinutes: limit,
      retries: retries,
      retryMinutes: retryMinutes)
    isPaused = row[9] == "t"
    anchor = number(10).map { Int64($0) } ?? 0
    nextAt = number(11).map { Int64($0) }
    missed = number(12) ?? 0
    missedAt = number(13).map { Int64($0) }
    createdBy = row[14]
  }
}
