/// A rule for repeated due moments.
public enum Timing: Sendable, Equatable {
  case cron(CronExpression)
  case every(Interval)
}

/// Every N minutes of elapsed time, independent of changes of the wall clock.
public struct Interval: Sendable, Equatable {
  /// The allowed numbers of minutes, up to a week.
  public static let allowed = 1...10_080

  public let minutes: Int
  /// The first due moment in Unix seconds, from which all others are counted.
  public let anchor: Int64

  public init(minutes: Int, anchor: Int64) throws(TimingError) {
    guard Self.allowed.contains(minutes) else { throw TimingError(.badInterval(Self.allowed), part: "\(minutes)") }
    self.minutes = minutes
    self.anchor = anchor
  }

  /// Returns the first due moment later than `moment`; nil if an Int64 cannot hold it.
  func next(after moment: Int64) -> Int64? {
    guard moment >= anchor else { return anchor }
    let period = Int64(minutes) * 60
    // Remainders are taken first: `moment - anchor` could overflow.
    let elapsed = (moment.modulo(period) - anchor.modulo(period)).modulo(period)
    let (next, overflow) = moment.addingReportingOverflow(period - elapsed)
    return overflow ? nil : next
  }
}

/// A pattern of minutes of a day. Bit n of a set stands for the value n.
struct TimePattern: Sendable, Equatable {
  let minutes: UInt64
  let hours: UInt64

  var hasEveryHour: Bool { hours == 1 << 24 - 1 }

  /// Returns the first matching minute at or after a minute of the day (0 to 1439); nil if the day has no more.
  func next(from minute: Int64) -> Int64? {
    let hour = minute / 60
    if hours & 1 << hour != 0, let due = minutes.first(from: minute % 60) { return hour * 60 + due }
    guard let next = hours.first(from: hour + 1), let due = minutes.first(from: 0) else { return nil }
    return next * 60 + due
  }
}

extension UInt64 {
  /// Returns the least value of the set that is at least `least`.
  fileprivate func first(from least: Int64) -> Int64? {
    let rest = (self >> least) << least
    return rest == 0 ? nil : Int64(rest.trailingZeroBitCount)
  }
}
