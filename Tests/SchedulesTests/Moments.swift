import Foundation
import Schedules

/// Returns the Unix seconds of a time like `2024-03-31T03:00+02:00`.
func moment(_ text: String) throws -> Int64 {
  let zone = text.hasSuffix("Z") ? "Z" : String(text.suffix(6))
  let whole = text.dropLast(zone.count) + ":00" + zone
  return Int64(try Date(String(whole), strategy: .iso8601).timeIntervalSince1970)
}

/// The timetable of a cron expression in a time zone, with times as text.
struct Times {
  private let timetable: Timetable
  private let zone: TimeZone

  init(_ expression: String, in zone: String = "UTC") throws {
    self.zone = try .named(zone)
    timetable = Timetable(.cron(try CronExpression(expression)), timeZone: self.zone)
  }

  /// Returns the next times in local time with the offset from UTC, like `2024-03-31T03:00+02:00`.
  func next(_ count: Int, after text: String) throws -> [String] {
    timetable.next(count, after: try moment(text)).map(wall)
  }

  private func wall(_ moment: Int64) -> String {
    let date = Date(timeIntervalSince1970: TimeInterval(moment))
    let style = Date.ISO8601FormatStyle(timeZone: zone).year().month().day()
      .timeZone(separator: .colon).time(includingFractionalSeconds: false)
    return date.formatted(style).replacing(":00+", with: "+").replacing(":00-", with: "-").replacing(":00Z", with: "Z")
  }
}
