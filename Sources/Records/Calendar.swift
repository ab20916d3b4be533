import Support

/// Gregorian dates, without a clock or a time zone.
enum Calendar {
  static func isDate(year: Int, month: Int, day: Int) -> Bool {
    guard month >= 1, month <= 12, day >= 1 else { return false }
    switch month {
    case 2: return day <= (year % 4 == 0 && year % 100 != 0 || year % 400 == 0 ? 29 : 28)
    case 4, 6, 9, 11: return day <= 30
    default: return day <= 31
    }
  }

  /// `2026-09-01`
  static func iso(year: Int, month: Int, day: Int) -> String {
    year.padded(4) + "-" + month.padded(2) + "-" + day.padded(2)
  }
}
