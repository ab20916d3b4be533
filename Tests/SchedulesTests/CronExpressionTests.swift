import Foundation
import Schedules
import Testing

/// The meaning of the fields in UTC. The expected times were determined by hand. 2024 has a 29 February; 2024-01-01 was
/// a Monday.
@Suite struct CronExpressionTests {
  @Test(arguments: [
    ("30 6 * * *", "2024-01-01T06:30Z", ["2024-01-02T06:30Z", "2024-01-03T06:30Z"]),
    ("30 6 * * *", "2024-01-01T06:29Z", ["2024-01-01T06:30Z", "2024-01-02T06:30Z"]),
    ("\t 30  06\t* * *  ", "2024-01-01T06:29Z", ["2024-01-01T06:30Z"]),
    // Lists, ranges and steps.
    ("5,50 0 * * *", "2024-01-01T00:05Z", ["2024-01-01T00:50Z", "2024-01-02T00:05Z"]),
    ("*/25 0 * * *", "2023-12-31T23:59Z", ["2024-01-01T00:00Z", "2024-01-01T00:25Z", "2024-01-01T00:50Z"]),
    ("10-40/7 0 * * *", "2024-01-01T00:24Z", ["2024-01-01T00:31Z", "2024-01-01T00:38Z", "2024-01-02T00:10Z"]),
    ("5/25 0 * * *", "2024-01-01T00:04Z", ["2024-01-01T00:05Z", "2024-01-01T00:30Z", "2024-01-01T00:55Z"]),
    ("0 22-23,1 * * *", "2024-01-01T01:00Z", ["2024-01-01T22:00Z", "2024-01-01T23:00Z", "2024-01-02T01:00Z"]),
    ("59 23 31 12 *", "2024-01-01T00:00Z", ["2024-12-31T23:59Z", "2025-12-31T23:59Z"]),
    ("5-5 3-3 * * *", "2024-01-01T00:00Z", ["2024-01-01T03:05Z", "2024-01-02T03:05Z"]),
    // Names.
    ("0 0 1 JAN,Mar-may/2 *", "2024-01-01T00:00Z", ["2024-03-01T00:00Z", "2024-05-01T00:00Z", "2025-01-01T00:00Z"]),
    ("0 0 * * mon", "2024-01-01T00:00Z", ["2024-01-08T00:00Z"]),
    ("0 0 * * TUE-Thu", "2024-01-01T00:00Z", ["2024-01-02T00:00Z", "2024-01-03T00:00Z", "2024-01-04T00:00Z"]),
    // Sunday is 0, 7 or sun; 2024-01-07 was a Sunday.
    ("0 0 * * 0", "2024-01-01T00:00Z", ["2024-01-07T00:00Z", "2024-01-14T00:00Z"]),
    ("0 0 * * 7", "2024-01-01T00:00Z", ["2024-01-07T00:00Z", "2024-01-14T00:00Z"]),
    ("0 0 * * sun", "2024-01-01T00:00Z", ["2024-01-07T00:00Z", "2024-01-14T00:00Z"]),
    ("0 0 * * 7-7", "2024-01-01T00:00Z", ["2024-01-07T00:00Z", "2024-01-14T00:00Z"]),
    ("0 0 * * 6-7", "2024-01-01T00:00Z", ["2024-01-06T00:00Z", "2024-01-07T00:00Z", "2024-01-13T00:00Z"]),
    ("0 0 * * sat-sun", "2024-01-01T00:00Z", ["2024-01-06T00:00Z", "2024-01-07T00:00Z", "2024-01-13T00:00Z"]),
    ("0 0 * * 5-7/2", "2024-01-01T00:00Z", ["2024-01-05T00:00Z", "2024-01-07T00:00Z", "2024-01-12T00:00Z"]),
    ("0 0 * * 0-7/5", "2024-01-01T00:00Z", ["2024-01-05T00:00Z", "2024-01-07T00:00Z"]),
    ("0 0 * * 7/3", "2024-01-01T00:00Z", ["2024-01-03T00:00Z", "2024-01-06T00:00Z", "2024-01-07T00:00Z"]),
    ("0 0 * * 4/2", "2024-01-01T00:00Z", ["2024-01-04T00:00Z", "2024-01-06T00:00Z", "2024-01-11T00:00Z"]),
    // One day field must match if neither begins with *, else both. Fridays: 5, 12; the 13th was a Saturday.
    ("0 0 13 * 5", "2024-01-01T00:00Z", ["2024-01-05T00:00Z", "2024-01-12T00:00Z", "2024-01-13T00:00Z"]),
    ("0 0 1-31 * 5", "2024-01-01T00:00Z", ["2024-01-02T00:00Z", "2024-01-03T00:00Z"]),
    ("0 0 */2 * 5", "2024-01-01T00:00Z", ["2024-01-05T00:00Z", "2024-01-19T00:00Z"]),
    ("0 0 13 * */5", "2024-01-01T00:00Z", ["2024-09-13T00:00Z", "2024-10-13T00:00Z", "2024-12-13T00:00Z"]),
    ("0 0 13,* * 5", "2024-01-01T00:00Z", ["2024-01-02T00:00Z", "2024-01-03T00:00Z"]),
    ("0 0 *,13 * 5", "2024-01-01T00:00Z", ["2024-01-05T00:00Z", "2024-01-12T00:00Z"]),
    ("0 0 30 2 1", "2024-01-01T00:00Z", ["2024-02-05T00:00Z", "2024-02-12T00:00Z"]),
    // Short months and leap days; 2100 has none.
    ("0 0 31 * *", "2024-01-31T00:00Z", ["2024-03-31T00:00Z", "2024-05-31T00:00Z"]),
    ("0 0 29 2 *", "2024-02-29T00:00Z", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]),
    ("0 0 29 2 *", "2096-02-29T00:00Z", ["2104-02-29T00:00Z"]),
    ("0 0 29 2 */7", "2060-02-29T00:00Z", ["2088-02-29T00:00Z", "2128-02-29T00:00Z"]),
    // Never.
    ("* * 30 2 *", "2024-01-01T00:00Z", []), ("0 0 31 4,6,9,11 *", "2024-01-01T00:00Z", []),
    ("0 0 30-31 feb */3", "2024-01-01T00:00Z", []),
  ])
  func anExpressionIsDueAtItsTimes(_ expression: String, _ after: String, _ expected: [String]) throws {
    let times = try Times(expression)
    #expect(try times.next(max(expected.count, 1), after: after) == expected)
  }

  @Test(arguments: [
    ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), (" @Annually\t", "0 0 1 1 *"),
  ])
  func aNicknameMeansItsExpression(_ nickname: String, _ meaning: String) throws {
    let (short, long) = (try Times(nickname), try Times(meaning))
    #expect(try short.next(20, after: "2024-01-01T00:00Z") == long.next(20, after: "2024-01-01T00:00Z"))
    #expect(try CronExpression(nickname).text == nickname)
  }

  @Test func timesAreWholeMinutesAfterTheGivenSecond() throws {
    let timetable = Timetable(.cron(try CronExpression("* * * * *")), timeZone: try .named("Asia/Taipei"))
    #expect(timetable.next(2, after: 1_700_000_039) == [1_700_000_040, 1_700_000_100])
    #expect(timetable.next(after: 1_700_000_040) == 1_700_000_100)
    #expect(timetable.next(after: 1_700_000_041) == 1_700_000_100)
    #expect(timetable.next(0, after: 0) == [] && timetable.next(-1, after: 0) == [])
  }

  @Test func timesStayInTheSupportedRange() throws {
    let (first, last) = (Timetable.moments.lowerBound, Timetable.moments.upperBound)
    let timetable = Timetable(.cron(try CronExpression("* * * * *")), timeZone: try .named("UTC"))
    #expect(timetable.next(after: .min) == first && timetable.next(after: -1) == first)
    #expect(timetable.next(after: last - 60) == last - 59)
    #expect(timetable.next(after: last - 59) == nil && timetable.next(after: .max) == nil)
    #expect(timetable.next(5, after: last - 120).count == 2)
  }
}
