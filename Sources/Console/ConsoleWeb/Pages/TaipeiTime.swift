import Foundation

/// Formats times for people, in Taipei time: UTC+8 all year since 1980.
public enum TaipeiTime {
  private static let zone = TimeZone(identifier: "Asia/Taipei") ?? TimeZone(secondsFromGMT: 8 * 3600) ?? .gmt

  /// Formats a time of the database.
  ///
  /// - Parameter text: a `timestamptz` in UTC as PostgreSQL writes it, such as `2026-11-25 13:52:49.123+00`.
  /// - Returns: such as `2026-11-25 21:52:49`; the text itself if it is not a time.
  public static func text(_ text: String) -> String { seconds(text).map { self.text($0) } ?? text }

  /// Formats a time.
  ///
  /// - Parameter seconds: since 1970.
  public static func text(_ seconds: Int64) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
    func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    return
      "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
  }

  /// Returns the seconds since 1970 of a time in UTC, as PostgreSQL writes it; nil if it is not a time.
  public static func seconds(_ text: String) -> Int64? {
    let numbers = text.split(whereSeparator: { !$0.isASCII || !$0.isNumber }).prefix(6).map { Int64($0) ?? 0 }
    guard numbers.count == 6, text.utf8.count >= 19 else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = DateComponents(
      year: Int(numbers[0]), month: Int(numbers[1]), day: Int(numbers[2]), hour: Int(numbers[3]),
      minute: Int(numbers[4]),
      second: Int(numbers[5]))
    return calendar.date(from: parts).map { Int64($0.timeIntervalSince1970) }
  }
}
