import Foundation
import Schedules
import Testing

@Suite struct IntervalTests {
  private func timetable(_ minutes: Int, _ anchor: Int64, _ zone: String = "UTC") throws -> Timetable {
    Timetable(.every(try Interval(minutes: minutes, anchor: anchor)), timeZone: try .named(zone))
  }

  @Test func anIntervalCountsFromItsAnchor() throws {
    let timetable = try timetable(90, 1_700_000_007)
    #expect(timetable.next(after: 1_700_000_006) == 1_700_000_007)
    #expect(timetable.next(3, after: 1_700_000_007) == [1_700_005_407, 1_700_010_807, 1_700_016_207])
    #expect(timetable.next(after: 1_700_005_406) == 1_700_005_407)
    #expect(timetable.next(after: 5) == 1_700_000_007, "nothing is due before the anchor")
  }

  /// Clock changes have no effect.
  @Test func anIntervalIsElapsedTime() throws {
    let start = try moment("2024-10-27T00:00+02:00")
    #expect(try timetable(60, start, "Europe/Berlin").next(5, after: start) == (1...5).map { start + $0 * 3600 })
  }

  @Test(arguments: [Int64.min, -1, 0, 59, .max])
  func anyAnchorIsAllowed(_ anchor: Int64) throws {
    for after in [Int64.min, -1, 0, 1_700_000_000, Timetable.moments.upperBound - 61, .max] {
      let (next, minutes) = (try timetable(1, anchor).next(after: after), Int64(60))
      guard let next else {
        #expect(after >= Timetable.moments.upperBound - 61 || anchor == .max)
        continue
      }
      #expect(next > after && Timetable.moments.contains(next))
      #expect(next % minutes == ((anchor % minutes) + minutes) % minutes)
      #expect(next - max(after, -1) <= 60 || next == anchor)
    }
  }

  @Test(arguments: [1, 10_080])
  func theShortestAndTheLongestIntervalAreAllowed(_ minutes: Int) throws {
    #expect(try timetable(minutes, 0).next(after: 0) == Int64(minutes) * 60)
  }

  @Test(arguments: [0, -5, 10_081, .max, .min])
  func otherIntervalsAreRefused(_ minutes: Int) {
    let error = #expect(throws: TimingError.self) { try Interval(minutes: minutes, anchor: 0) }
    #expect(error == TimingError(.badInterval(1...10_080), part: "\(minutes)"))
  }
}
