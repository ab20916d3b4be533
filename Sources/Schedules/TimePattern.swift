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
