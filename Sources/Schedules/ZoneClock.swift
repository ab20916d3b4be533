import Foundation

/// How far a time zone's wall clocks are from UTC, and when that changes.
struct ZoneClock: Sendable {
  struct Change {
    /// The first moment of the new offset.
    let moment: Int64
    /// What the wall clocks would show then had they not been changed, in seconds from 1970-01-01 00:00.
    let wallBefore: Int64
    let wallAfter: Int64
  }

  let zone: TimeZone

  /// Seconds east of UTC.
  func offset(at moment: Int64) -> Int64 { Int64(zone.secondsFromGMT(for: Self.date(moment))) }

  /// The first change later than `moment`.
  func change(after moment: Int64) -> Change? {
    guard let date = zone.nextDaylightSavingTimeTransition(after: Self.date(moment)) else { return nil }
    let change = Int64(date.timeIntervalSince1970.rounded(.up))
    guard change > moment else { return nil }
    return Change(
      moment: change, wallBefore: change + offset(at: change - 1), wallAfter: change + offset(at: change))
  }

  private static func date(_ moment: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(moment)) }
}
