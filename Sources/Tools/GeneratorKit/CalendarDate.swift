/// A day of the Gregorian calendar. Foundation is left out on purpose: its calendars know time zones and locales, which
/// a generator with the same bytes everywhere must not.
public struct CalendarDate: Sendable, Equatable, CustomStringConvertible {
  /// Days since 1970-01-01.
  let ordinal: Int

  init(ordinal: Int) {
    self.ordinal = ordinal
  }

  /// Nil where the year, month and day name no real day.
  public init?(year: Int, month: Int, day: Int) {
    // Howard Hinnant's days_from_civil, for years from 1 on; the way back tells whether the day exists.
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    ordinal = era * 146_097 + dayOfEra - 719_468
    guard components == (year, month, day) else { return nil }
  }

  /// A day as `2026-09-01`; nil for anything else.
  public init?(iso text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, zip(parts, [4, 2, 2]).allSatisfy({ $0.utf8.count == $1 }),
      parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  public var components: (year: Int, month: Int, day: Int) {
    let shifted = ordinal + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  public func adding(days: Int) -> CalendarDate {
    CalendarDate(ordinal: ordinal + days)
  }

  /// ISO 8601: `2026-09-01`.
  public var description: String {
    let (year, month, day) = components
    var text: [UInt8] = []
    text.append(number: year, width: 4)
    text.append(UInt8(ascii: "-"))
    text.append(number: month, width: 2)
    text.append(UInt8(ascii: "-"))
    text.append(number: day, width: 2)
    return String(decoding: text, as: UTF8.self)
  }

  private static let months = Wordlist(words: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")

  /// The form of the stamp row, `01-SEP-26`.
  func appendStamp(to bytes: inout [UInt8]) {
    let (year, month, day) = components
    bytes.append(number: day, width: 2)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(contentsOf: CalendarDate.months[month - 1])
    bytes.append(UInt8(ascii: "-"))
    bytes.append(number: year % 100, width: 2)
  }

  /// The Republic of China's form, YYYMMDD with year 1 = 1912: `1150901`.
  func appendROC(to bytes: inout [UInt8]) {
    let (year, month, day) = components
    bytes.append(number: year - 1911, width: 3)
    bytes.append(number: month, width: 2)
    bytes.append(number: day, width: 2)
  }
}
