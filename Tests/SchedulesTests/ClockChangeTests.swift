import Foundation
import Schedules
import Testing

/// Days on which clocks are put forward or back, by hand.
@Suite struct ClockChangeTests {
  /// Left out in Berlin 2024: 02:00 to 03:00 on 31 March. In Sydney: 6 October. Lord Howe: 02:00 to 02:30.
  @Test(arguments: [
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T01:00+01:00", ["2024-03-31T03:00+02:00", "2024-04-01T02:30+02:00"]),
    // Asked in the last minute before, and at the moment itself.
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T01:59+01:00", ["2024-03-31T03:00+02:00"]),
    ("30 2 * * *", "Europe/Berlin", "2024-03-31T03:00+02:00", ["2024-04-01T02:30+02:00"]),
    // Many times left out are made up for once, and none is added to one that is due then. Here and below, `*/20 2`,
    // `*/2` and `*/30 2,3` have not every hour: cron(8) has them skipped, or due twice, for their stars.
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
    // Midnight itself is left out, and a whole day.
    ("0 0 * * *", "America/Havana", "2024-03-09T12:00-05:00", ["2024-03-10T01:00-04:00", "2024-03-11T00:00-04:00"]),
    ("0 6 30 * *", "Pacific/Apia", "2011-12-29T12:00-10:00", ["2011-12-31T00:00+14:00", "2012-01-30T06:00+14:00"]),
  ])
  func forward(_ expression: String, _ zone: String, _ after: String, _ expected: [String]) throws {
    #expect(try Times(expression, in: zone).next(expected.count, after: after) == expected)
  }

  /// Twice in Berlin 2024: 02:00 to 03:00 on 27 October. In Sydney: 7 April. Lord Howe: 01:30 to 02:00. Havana: 00:00.
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
    // Newfoundland put its clocks back at one minute past midnight, to the day before.
    (
      "59 23 * * *", "America/St_Johns", "2010-11-05T12:00-02:30",
      ["2010-11-05T23:59-02:30", "2010-11-06T23:59-02:30", "2010-11-07T23:59-03:30"]
    ),
    (
      "0,59 * * * *", "America/St_Johns", "2010-11-06T23:00-02:30",
      ["2010-11-06T23:59-02:30", "2010-11-07T00:00-02:30", "2010-11-06T23:59-03:30", "2010-11-07T00:00-03:30"]
    ),
  ])
  func back(_ expression: String, _ zone: String, _ after: String, _ expected: [String]) throws {
    #expect(try Times(expression, in: zone).next(expected.count, after: after) == expected)
  }

  /// Until 1972 Monrovia was 44 minutes and 30 seconds from UTC.
  @Test func offsetsOfSeconds() throws {
    let timetable = Timetable(.cron(try CronExpression("0 12 * * *")), timeZone: try .named("Africa/Monrovia"))
    let (noon, early): (Int64, Int64) = (12 * 3600, 44 * 60 + 30)
    #expect(timetable.next(after: 0) == noon + early)
    let later = try moment("1972-02-01T00:00Z")
    #expect(timetable.next(after: later) == later + noon)
  }
}
