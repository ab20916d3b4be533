import Foundation

/// The moments a timing is due at, in Unix seconds, where a cron expression's clock hangs in a time zone.
///
/// Where the zone's clocks are changed:
/// - An expression that has every hour is due whenever the clock shows one of its times: not at times that are left
///   out, and twice at times that come twice. So `*/10 * * * *` goes on every ten minutes.
/// - Any other is due once at the moment of the change for all its times that are left out, and at a time that comes
///   twice only the first time. So `30 2 * * *` is due once every day.
///
/// This is what Vixie's cron(8) documents, but for two things. There the first rule is also for `*/30 2 * * *` and
/// `0 */2 * * *`, which have a `*` but not every hour: the former would not be due at all on the day that has no 02:00
/// to 03:00. And there the second rule ends at changes of three hours, which are taken for corrections of the clock.
public struct Timetable: Sendable {
  /// 1970 to 9999; what is asked about earlier moments is answered as of 1970.
  public static let moments: ClosedRange<Int64> = 0...253_402_300_799

  public let timing: Timing
  private let clock: ZoneClock

  public init(_ timing: Timing, timeZone: TimeZone) {
    self.timing = timing
    clock = ZoneClock(zone: timeZone)
  }

  /// The first due moment later than `moment`; nil where there is none until the year 9999.
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

  /// The first `count` due moments later than `moment`; fewer where there are no more.
  public func next(_ count: Int, after moment: Int64) -> [Int64] {
    Array(
      sequence(state: moment) { last in
        guard let due = next(after: last) else { return nil }
        last = due
        return due
      }.prefix(max(count, 0)))
  }

  /// Goes from one change of the clocks to the next: between them wall time is real time.
  private func next(_ expression: CronExpression, after moment: Int64) -> Int64? {
    let isFixed = !expression.time.hasEveryHour
    var start = moment
    var offset = clock.offset(at: start)
    var wall = start + offset + 1
    // What the clock showed before a change of the last day may come again.
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

/// Timetables of cron expressions as a line each, so that another implementation can be held against this one.
public enum TimetableLines {
  /// - Parameter line: time zone, Unix seconds, how many (0 to 10000) and cron expression, with a tab between.
  /// - Returns: the next due moments later than that, with a space between; or `error` and why.
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
