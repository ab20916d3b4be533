import Glibc

/// Dates in HTTP's format, `Sun, 06 Nov 1994 08:49:37 GMT`, and in whole seconds since 1970.
public enum HTTPDate {
  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  public static var now: Int { time(nil) }

  public static func string(_ seconds: Int) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    let day = (seconds - (Int(parts.tm_hour) * 3600 + Int(parts.tm_min) * 60 + Int(parts.tm_sec))) / 86400
    let weekday = weekdays[((day % 7) + 7) % 7]
    let date = "\(pad(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1900)"
    return "\(weekday), \(date) \(pad(parts.tm_hour)):\(pad(parts.tm_min)):\(pad(parts.tm_sec)) GMT"
  }

  /// Parses a date; nil for any other format.
  public static func seconds(_ text: String) -> Int? {
    let parts = text.split { $0 == " " || $0 == ":" || $0 == "," }
    guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
    let numbers = [1, 3, 4, 5, 6].compactMap { Int32(parts[$0]) }
    guard numbers.count == 5 else { return nil }
    var fields = tm()
    fields.tm_mday = numbers[0]
    fields.tm_mon = Int32(month)
    fields.tm_year = numbers[1] - 1900
    fields.tm_hour = numbers[2]
    fields.tm_min = numbers[3]
    fields.tm_sec = numbers[4]
    let seconds = Int(timegm(&fields))
    return string(seconds) == text ? seconds : nil
  }

  private static func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
