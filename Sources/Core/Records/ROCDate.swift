import Support

/// 設立日期: a date of the ROC calendar as YYYMMDD; year 1 is 1912.
struct ROCDate {
  let year: Int
  let month: Int
  let day: Int

  /// - Returns: nil if the bytes are not seven ASCII digits or there is no such day.
  init?(_ base: UnsafePointer<UInt8>, _ span: ByteRange) {
    guard span.count == 7 else { return nil }
    var number = 0
    for index in span.start..<span.end {
      let digit = base[index].digit
      guard digit <= 9 else { return nil }
      number = number * 10 + Int(digit)
    }
    year = number / 10_000 + 1911
    month = number / 100 % 100
    day = number % 100
    guard number / 10_000 >= 1, GregorianDate.isDate(year: year, month: month, day: day) else { return nil }
  }
}

extension TextBuffer {
  /// Appends the date in the form `2015-04-13`.
  mutating func append(_ date: ROCDate) {
    append(decimal: Int64(date.year))
    append(UInt8(ascii: "-"))
    append(.zero + UInt8(date.month / 10))
    append(.zero + UInt8(date.month % 10))
    append(UInt8(ascii: "-"))
    append(.zero + UInt8(date.day / 10))
    append(.zero + UInt8(date.day % 10))
  }
}

/// Gregorian dates, without a clock or a time zone.
enum GregorianDate {
  static func isDate(year: Int, month: Int, day: Int) -> Bool {
    guard month >= 1, month <= 12, day >= 1 else { return false }
    switch month {
    case 2: return day <= (year % 4 == 0 && year % 100 != 0 || year % 400 == 0 ? 29 : 28)
    case 4, 6, 9, 11: return day <= 30
    default: return day <= 31
    }
  }

  /// Returns the date in the form `2026-09-01`.
  static func iso(year: Int, month: Int, day: Int) -> String {
    year.padded(4) + "-" + month.padded(2) + "-" + day.padded(2)
  }
}
