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
