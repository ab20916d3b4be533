import Foundation

/// A month of the Gregorian calendar.
struct CivilMonth {
  let year: Int64
  /// 1 to 12.
  let month: Int64
  /// The first day of the month, counted from 1970-01-01.
  let firstDay: Int64

  private init(year: Int64, month: Int64, firstDay: Int64) {
    self.year = year
    self.month = month
    self.firstDay = firstDay
  }

  /// Returns the month of a day, counted from 1970-01-01. This is Howard Hinnant's `civil_from_days`: years begin with
  /// March, so that the leap day is the last day of a year.
  init(of day: Int64) {
    let shifted = day + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    firstDay = day - (dayOfYear - (153 * fromMarch + 2) / 5)
  }

  var length: Int64 {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  var next: CivilMonth {
    CivilMonth(year: month == 12 ? year + 1 : year, month: month % 12 + 1, firstDay: firstDay + length)
  }
}

extension Int64 {
  /// The quotient, rounded down also for negative numbers; `divisor` is greater than zero.
  func floorDivided(by divisor: Int64) -> Int64 { (self - modulo(divisor)) / divisor }

  /// The remainder, 0 to `divisor` - 1 also for negative numbers; `divisor` is greater than zero.
  func modulo(_ divisor: Int64) -> Int64 {
    let rest = self % divisor
    return rest < 0 ? rest + divisor : rest
  }
}

/// The UTC offset of a time zone, and the moments at which it changes.
struct ZoneClock: Sendable {
  struct Change {
    /// The first moment of the new offset.
    let moment: Int64
    /// The wall time of that moment by the old offset, in seconds from 1970-01-01 00:00.
    let wallBefore: Int64
    /// The same by the new offset.
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

extension TimeZone {
  /// Returns the zone of an IANA name, `Area/Location` or UTC.
  ///
  /// Abbreviations and fixed offsets (EST, GMT+8, Etc/GMT-8) are refused: they do not tell daylight saving time, Etc
  /// names invert the sign, and CST means Taipei as well as Chicago.
  public static func named(_ name: String) throws(TimingError) -> TimeZone {
    let isPlain = name.utf8.count <= 64 && name.unicodeScalars.allSatisfy { letters.contains($0) }
    let isLocation = isPlain && name.contains("/") && !name.hasPrefix("Etc/") && !name.hasPrefix("SystemV/")
    guard isLocation || name == "UTC", let zone = TimeZone(identifier: name) else {
      throw TimingError(.unknownTimeZone, part: String(name.prefix(64)))
    }
    return zone
  }

  private static let letters = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")
}
