import Foundation

/// The moments at which a timing is due, in Unix seconds. A cron expression uses the wall clock of a time zone.
///
/// When the zone's clocks change:
/// - An expression with every hour is due whenever the clock shows one of its times: not at skipped times, and twice at
///   repeated times. So `*/10 * * * *` continues every ten minutes.
/// - Any other expression is due once at the moment of the change for all its skipped times, and only the first time at
///   a repeated time. So `30 2 * * *` is due once every day.
///
/// Vixie's cron(8) documents the same, with two differences. It applies the first rule also to `*/30 2 * * *` and
/// `0 */2 * * *`, which have a `*` but not every hour; the former would not be due at all on the day without 02:00 to
/// 03:00. And it does not apply the second rule to changes of three hours, which it takes for corrections of the clock.
public struct Timetable: Sendable {
  /// The moments from 1970 to 9999. A search from an earlier moment begins at 1970.
  public static let moments: ClosedRange<Int64> = 0...253_402_300_799

  public let timing: Timing
  private let clock: ZoneClock

  public init(_ timing: Timing, timeZone: TimeZone) {
    self.timing = timing
    clock = ZoneClock(zone: timeZone)
  }

  /// Returns the first due moment later than `moment`; nil if there is none until the year 9999.
  public func next(after moment: Int64) -> Int64? {
    let moment = max(moment, Self.moments.lowerBound - 1)
    guard moment < Self.moments.upperBound else { return nil }
    let due =
      switch timing {
      case .cron(let expression): next(expression, after: moment)
      case .every(let interval): interval.next(after: moment)
      }
    return due.flatMap { Self.moments.contains($0) ? $0 : nil }
  }

  /// Returns the first `count` due moments later than `moment`, or fewer if there are no more.
  public func next(_ count: Int, after moment: Int64) -> [Int64] {
    Array(
      sequence(state: moment) { last in
        guard let due = next(after: last) else { return nil }
        last = due
        return due
      }.prefix(max(count, 0)))
  }

  /// Searches from one change of the clocks to the next. Between two changes, wall time differs from UTC by a constant.
  private func next(_ expression: CronExpression, after moment: Int64) -> Int64? {
    let isFixed = !expression.time.hasEveryHour
    var start = moment
    var offset = clock.offset(at: start)
    var wall = start + offset + 1
    // After a change within the last day the clock may repeat times: those were due before the change.
    if isFixed, let last = clock.change(after: start - 86_400), last.moment <= start {
      wall = max(wall, last.wallBefore)
    }
    while let due = expression.next(from: wall) {
      guard let change = clock.change(after: start), due - offset >= change.moment else { return due - offset }
      if isFixed, due < change.wallAfter { return change.moment }
      wall = isFixed ? max(change.wallBefore, change.wallAfter) : change.wallAfter
      start = change.moment
      offset = clock.offset(at: start)
    }
    return nil
  }
}

/// Timetables of cron expressions, one a line, for comparison with another implementation.
public enum TimetableLines {
  /// Computes the due moments for one line.
  ///
  /// - Parameter line: time zone, Unix seconds, count (0 to 10000) and cron expression, separated by tabs.
  /// - Returns: the next `count` due moments later than the seconds, separated by spaces; or `error` and the cause.
  public static func answer(_ line: String) -> String {
    let fields = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 4, let after = Int64(fields[1]), let count = Int(fields[2]), (0...10_000).contains(count)
    else { return "error a line is: time zone, Unix seconds, count, cron expression, with tabs between" }
    do throws(TimingError) {
      let timetable = Timetable(.cron(try CronExpression(fields[3])), timeZone: try .named(fields[0]))
      return timetable.next(count, after: after).map(String.init).joined(separator: " ")
    } catch {
      return "error \(error)"
    }
  }
}
