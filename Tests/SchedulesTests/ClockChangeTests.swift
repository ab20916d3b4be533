import Foundation
import Schedules
import Testing

/// Days with a clock change. The expected times were determined by hand.
@Suite struct ClockChangeTests {
  /// Skipped in 2024: 02:00 to 03:00 on 31 March in Berlin and on 6 October in Sydney; 02:00 to 02:30 on Lord Howe.
  @Test(arguments: [
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-03-31T03:00+02:00", "2024-04-01T02:30+02:00"]),
    // One minute before the change, and at the change.
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T01:59+01:00", ["2024-03-31T03:00+02:00"]),
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T03:00+02:00", ["2024-04-01T02:30+02:00"]),
    // Several skipped times are made up for once, and not at all if another time is due then. Here and below, `*/20 2`,
    // `*/2` and `*/30 2,3` do not have every hour. In cron(8) they are skipped, or due twice, because of their stars.
    ("*/20 2 * * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-03-31T03:00+02:00", "2024-04-01T02:00+02:00"]),
    ("0 2,3 * * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-03-31T03:00+02:00", "2024-04-01T02:00+02:00"]),
    ("0 */2 * * *", "Europe/Berlin", "2024-03-31T00:00+01:00", ["2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00"]),
    ("30 2 30 * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-04-30T02:30+02:00"]),
    ("0 * * * *", "Europe/Berlin", "2024-03-31T00:00+01:00", ["2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00"]),
    ("30 * * * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-03-31T01:30+01:00", "2024-03-31T03:30+02:00"]),
    ("15 2 * * *", "Australia/Sydney", "2024-10-06T01:00+10:00", ["2024-10-06T03:00+11:00", "2024-10-07T02:15+11:00"]),
    (
      "15 2 * * *", "Australia/Lord_Howe", "2024-10-06T01:00+10:30",
      ["2024-10-06T02:30+11:00", "2024-10-07T02:15+11:00"]
    ),
    (
      "*/15 * * * *", "Australia/Lord_Howe", "2024-10-06T01:30+10:30",
      ["2024-10-06T01:45+10:30", "2024-10-06T02:30+11:00", "2024-10-06T02:45+11:00"]
    ),
    // Midnight is skipped, and a whole day.
    ("0 0 * * *", "America/Havana", "2024-03-09T12:00-05:00", ["2024-03-10T01:00-04:00", "2024-03-11T00:00-04:00"]),
    ("0 6 30 * *", "Pacific/Apia", "2011-12-29T12:00-10:00", ["2011-12-31T00:00+14:00", "2012-01-30T06:00+14:00"]),
  ])
  func skippedTimesAreDueAtTheClockChangeUnlessEveryHourIsDue(
    _ expression: String, _ zone: String, _ after: String, _ expected: [String]
  ) throws {
    #expect(try Times(expression, in: zone).next(expected.count, after: after) == expected)
  }

  /// Repeated in 2024: 02:00 to 03:00 on 27 October in Berlin and on 7 April in Sydney; 01:30 to 02:00 on Lord Howe;
  /// 00:00 to 01:00 in Havana. Only expressions with every hour are due twice.
  @Test(arguments: [
    ("30 2 * * *", "Europe/Berlin", "2024-10-26T12:00+02:00", ["2024-10-27T02:30+02:00", "2024-10-28T02:30+01:00"]),
    ("30 2 * * *", "Europe/Berlin", "2024-10-27T02:00+01:00", ["2024-10-28T02:30+01:00"]),
    (
      "*/30 2,3 * * *", "Europe/Berlin", "2024-10-27T02:00+02:00",
      ["2024-10-27T02:30+02:00", "2024-10-27T03:00+01:00", "2024-10-27T03:30+01:00"]
    ),
    ("0 3 * * *", "Europe/Berlin", "2024-10-27T02:59+02:00", ["2024-10-27T03:00+01:00"]),
    (
      "0 * * * *", "Europe/Berlin", "2024-10-27T01:00+02:00",
      ["2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00", "2024-10-27T03:00+01:00"]
    ),
    (
      "*/30 0-23 * * *", "Europe/Berlin", "2024-10-27T02:00+02:00",
      ["2024-10-27T02:30+02:00", "2024-10-27T02:00+01:00", "2024-10-27T02:30+01:00", "2024-10-27T03:00+01:00"]
    ),
    ("0 2 * * *", "Australia/Sydney", "2024-04-06T12:00+11:00", ["2024-04-07T02:00+11:00", "2024-04-08T02:00+10:00"]),
    (
      "45 1 * * *", "Australia/Lord_Howe", "2024-04-06T12:00+11:00",
      ["2024-04-07T01:45+11:00", "2024-04-08T01:45+10:30"]
    ),
    (
      "45 * * * *", "Australia/Lord_Howe", "2024-04-07T01:00+11:00",
      ["2024-04-07T01:45+11:00", "2024-04-07T01:45+10:30", "2024-04-07T02:45+10:30"]
    ),
    ("0 0 * * *", "America/Havana", "2024-11-02T12:00-04:00", ["2024-11-03T00:00-04:00", "2024-11-04T00:00-05:00"]),
    // Newfoundland set its clocks back at 00:01, to the day before.
    (
      "59 23 * * *", "America/St_Johns", "2010-11-05T12:00-02:30",
      ["2010-11-05T23:59-02:30", "2010-11-06T23:59-02:30", "2010-11-07T23:59-03:30"]
    ),
    (
      "0,59 * * * *", "America/St_Johns", "2010-11-06T23:00-02:30",
      ["2010-11-06T23:59-02:30", "2010-11-07T00:00-02:30", "2010-11-06T23:59-03:30", "2010-11-07T00:00-03:30"]
    ),
  ])
  func repeatedTimesAreDueOnceUnlessEveryHourIsDue(
    _ expression: String, _ zone: String, _ after: String, _ expected: [String]
  ) throws {
    #expect(try Times(expression, in: zone).next(expected.count, after: after) == expected)
  }

  /// Until 1972 Monrovia was 44 minutes and 30 seconds behind UTC.
  @Test func anOffsetMayHaveSeconds() throws {
    let timetable = Timetable(.cron(try CronExpression("0 12 * * *")), timeZone: try .named("Africa/Monrovia"))
    let (noon, early): (Int64, Int64) = (12 * 3600, 44 * 60 + 30)
    #expect(timetable.next(after: 0) == noon + early)
    let later = try moment("1972-02-01T00:00Z")
    #expect(timetable.next(after: later) == later + noon)
  }
}
