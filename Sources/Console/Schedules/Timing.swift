/// When something is due again and again.
public enum Timing: Sendable, Equatable {
  case cron(CronExpression)
  case every(Interval)
}

/// Every so many minutes of real time, whatever the clocks on the wall do.
public struct Interval: Sendable, Equatable {
  /// Up to a week.
  public static let allowed = 1...10_080

  public let minutes: Int
  /// Unix seconds: the first time, and the one that all others are counted from.
  public let anchor: Int64

  public init(minutes: Int, anchor: Int64) throws(TimingError) {
    guard Self.allowed.contains(minutes) else { throw TimingError(.badInterval(Self.allowed), part: "\(minutes)") }
    self.minutes = minutes
    self.anchor = anchor
  }

  /// nil where that is more than an Int64 holds.
  func next(after moment: Int64) -> Int64? {
    guard moment >= anchor else { return anchor }
    let period = Int64(minutes) * 60
    // Both remainders first: the moment less the anchor may be more than an Int64 holds.
    let elapsed = (moment.modulo(period) - anchor.modulo(period)).modulo(period)
    let (next, overflow) = moment.addingReportingOverflow(period - elapsed)
    return overflow ? nil : next
  }
}

/// Minutes of a day. Bit n of a set stands for the value n.
struct TimePattern: Sendable, Equatable {
  let minutes: UInt64
  let hours: UInt64

  var hasEveryHour: Bool { hours == 1 << 24 - 1 }

  /// From a minute of the day (0 to 1439) on; nil where the day has no more.
  func next(from minute: Int64) -> Int64? {
    let hour = minute / 60
    if hours & 1 << hour != 0, let due = minutes.first(from: minute % 60) { return hour * 60 + due }
    guard let next = hours.first(from: hour + 1), let due = minutes.first(from: 0) else { return nil }
    return next * 60 + due
  }
}

extension UInt64 {
  /// The least value of the set from `least` on.
  fileprivate func first(from least: Int64) -> Int64? {
    let rest = (self >> least) << least
    return rest == 0 ? nil : Int64(rest.trailingZeroBitCount)
  }
}
