import Foundation

/// What a wall clock shows during a minute.
struct WallMinute {
  let minute, hour, day, month: Int
  /// Days since Sunday, which is 0.
  let weekday: Int
  /// Minutes since 1970-01-01 00:00 on a clock without changes.
  let index: Int
}

/// A wall clock that is read every minute of some days, with the rules of `Timetable` applied minute by minute.
struct WalkedClock {
  private struct Minute {
    let moment: Int64
    let wall: WallMinute
    /// Whether the clock has shown it before.
    let comesAgain: Bool
    /// The minutes that the clock skipped just before.
    let leftOut: [WallMinute]
  }

  let end: Int64
  private let minutes: [Minute]

  init(_ zone: TimeZone, from start: Int64, days: Int) {
    var (local, utc) = (Calendar(identifier: .gregorian), Calendar(identifier: .gregorian))
    local.timeZone = zone
    utc.timeZone = .gmt
    end = start + Int64(days) * 86_400
    var seen: Set<Int> = []
    var last: Int?
    minutes = stride(from: start, to: end, by: 60).map { moment in
      let wall = Self.read(moment, local, utc)
      let following = (last ?? wall.index - 1) + 1
      let leftOut = (following..<max(following, wall.index)).map { Self.read(Int64($0) * 60, utc, utc) }
      last = wall.index
      return Minute(
        moment: moment, wall: wall, comesAgain: !seen.insert(wall.index).inserted, leftOut: leftOut)
    }
  }

  /// Returns the moments at which the expression is due.
  func due(_ expression: RandomExpression) -> [Int64] {
    let isDue: (Minute) -> Bool =
      expression.hasEveryHour
      ? { expression.matches($0.wall) }
      : { !$0.comesAgain && expression.matches($0.wall) || $0.leftOut.contains(where: expression.matches) }
    return minutes.filter(isDue).map(\.moment)
  }

  private static func read(_ moment: Int64, _ local: Calendar, _ utc: Calendar) -> WallMinute {
    let date = Date(timeIntervalSince1970: TimeInterval(moment))
    let parts = local.dateComponents([.year, .month, .day, .hour, .minute, .weekday], from: date)
    let sameInUTC = utc.date(from: parts) ?? .distantPast
    return WallMinute(
      minute: parts.minute ?? -1, hour: parts.hour ?? -1, day: parts.day ?? -1, month: parts.month ?? -1,
      weekday: (parts.weekday ?? 0) - 1, index: Int(sameInUTC.timeIntervalSince1970) / 60)
  }
}
