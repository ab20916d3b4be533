/// A pattern of days of the Gregorian calendar, counted from 1970-01-01. Bit n of a set stands for the value n.
struct DayPattern: Sendable, Equatable {
  let days: UInt64
  let months: UInt64
  let weekdays: UInt64
  /// Whether the day of the month or the day of the week is enough. Otherwise both must be in their sets.
  let either: Bool

  /// How far a search goes. The rarest pattern is 29 February on a given day of the week: up to 40 years apart if a
  /// century without a leap day is between, as from 2088 to 2128.
  private static let monthsSearched = 41 * 12

  func contains(_ day: Int64) -> Bool {
    let month = CivilMonth(of: day)
    return months & 1 << month.month != 0 && contains(day, in: month)
  }

  /// Returns the first matching day at or after `day`; nil if there is none.
  func next(from day: Int64) -> Int64? {
    var month = CivilMonth(of: day)
    for _ in 0..<Self.monthsSearched {
      if months & 1 << month.month != 0 {
        for day in max(day, month.firstDay)..<month.firstDay + month.length where contains(day, in: month) {
          return day
        }
      }
      month = month.next
    }
    return nil
  }

  private func contains(_ day: Int64, in month: CivilMonth) -> Bool {
    let byMonth = days & 1 << (day - month.firstDay + 1) != 0
    // 1970-01-01 was a Thursday.
    let byWeek = weekdays & 1 << (day + 4).modulo(7) != 0
    return either ? byMonth || byWeek : byMonth && byWeek
  }
}
