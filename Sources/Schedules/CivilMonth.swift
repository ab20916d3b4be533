/// A month of the Gregorian calendar.
struct CivilMonth {
  let year: Int64
  /// 1 to 12.
  let month: Int64
  /// Counted from 1970-01-01.
  let firstDay: Int64

  private init(year: Int64, month: Int64, firstDay: Int64) {
    self.year = year
    self.month = month
    self.firstDay = firstDay
  }

  /// Howard Hinnant's `civil_from_days`: years begin with March, so that the leap day is a year's last.
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
  /// Rounded down, also below zero; `divisor` is greater than zero.
  func floorDivided(by divisor: Int64) -> Int64 { (self - modulo(divisor)) / divisor }

  /// 0 to `divisor` - 1, also below zero; `divisor` is greater than zero.
  func modulo(_ divisor: Int64) -> Int64 {
    let rest = self % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
