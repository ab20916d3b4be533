import Foundation

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
