import Foundation
import MalformedInputs
import Schedules
import SeededRandom
import Testing

/// Compares random expressions with a clock that is read every minute. SEED=n repeats a run.
@Suite struct WalkedClockTests {
  private static let seed =
    ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1 << 32)

  /// Days around a clock change, and two time zones without one.
  @Test(arguments: [
    ("UTC", "2024-02-28T00:00Z"), ("Asia/Taipei", "2023-12-31T00:00Z"), ("Europe/Berlin", "2024-03-31T01:00Z"),
    ("Europe/Berlin", "2024-10-27T01:00Z"), ("America/New_York", "2023-03-12T07:00Z"),
    ("America/New_York", "2023-11-05T06:00Z"), ("Australia/Sydney", "2024-10-05T16:00Z"),
    ("Australia/Sydney", "2024-04-06T16:00Z"), ("Australia/Lord_Howe", "2024-10-05T15:30Z"),
    ("Australia/Lord_Howe", "2024-04-06T15:00Z"), ("America/St_Johns", "2010-03-14T03:31Z"),
    ("America/St_Johns", "2010-11-07T02:31Z"), ("America/Sao_Paulo", "2017-10-15T03:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00Z"), ("America/Havana", "2024-11-03T05:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
  ])
  func dueTimesMatchTheWalkedClock(_ name: String, _ change: String) throws {
    let zone = try TimeZone.named(name)
    let start = try moment(change) - 2 * 86_400
    let walked = WalkedClock(zone, from: start, days: 4)
    var random = SeededRandom(seed: Self.seed)
    var seen = 0
    for _ in 0..<150 {
      let expression = RandomExpression(&random)
      let timetable = Timetable(.cron(try CronExpression(expression.text)), timeZone: zone)
      // The walk does not see changes before its start, so its first day is not compared.
      let from = start + 86_400
      let expected = walked.due(expression).filter { $0 > from }
      let due = timetable.next(expected.count + 1, after: from).filter { $0 < walked.end }
      let differing = Set(due).symmetricDifference(expected).sorted()
      #expect(differing.prefix(3) == [] && due == due.sorted(), "seed \(Self.seed): \(expression.text)")
      for _ in 0..<20 {
        let after = from + Int64(random.below(Int(walked.end - from)))
        let next = timetable.next(after: after).flatMap { $0 < walked.end ? $0 : nil }
        #expect(next == expected.first { $0 > after }, "seed \(Self.seed): \(expression.text) after \(after)")
      }
      seen += expected.count
    }
    #expect(seen > 1000)
  }

  /// Over decades, the next time is later than the given moment and the same for every moment before it.
  @Test(arguments: [
    "UTC", "Asia/Taipei", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca",
  ])
  func timesOnlyMoveForward(_ name: String) throws {
    let zone = try TimeZone.named(name)
    var random = SeededRandom(seed: Self.seed)
    for _ in 0..<1000 {
      let expression = RandomExpression(&random)
      let timetable = Timetable(.cron(try CronExpression(expression.text)), timeZone: zone)
      var moment = Int64(random.below(4_000_000_000))
      for due in timetable.next(5, after: moment) {
        #expect(due > moment, "seed \(Self.seed): \(expression.text) after \(moment)")
        let between = moment + Int64(random.below(Int(due - moment)))
        #expect(timetable.next(after: between) == due, "seed \(Self.seed): \(expression.text) after \(between)")
        #expect(timetable.next(after: due - 1) == due, "seed \(Self.seed): \(expression.text) before \(due)")
        moment = due
      }
    }
  }
}
