/// A cron expression as in crontab(5): minute, hour, day of month, month, day of week.
///
/// Each field is a list of values, ranges (`10-40`) and `*`, optionally with steps (`*/5`, `10-40/7`; `5/15` continues
/// to the greatest value). Months and days of the week have English names of three letters, also in ranges; Sunday is
/// 0, 7 and sun. A step is at most the field's greatest value: `*/90` would mean minute 0 alone.
///
/// If neither day field begins with `*`, a day matches if one of the fields matches, otherwise if both match. The
/// nicknames @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually mean the same as in crontab(5).
public struct CronExpression: Sendable, Equatable {
  /// The greatest length of an expression in bytes.
  public static let longest = 200

  static let nicknames = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]

  /// The expression as it was written.
  public let text: String
  let time: TimePattern
  let days: DayPattern

  /// Parses an expression.
  ///
  /// - Parameter text: at most ``longest`` bytes; fields are separated by spaces and tabs.
  public init(_ text: String) throws(TimingError) {
    guard text.utf8.count <= Self.longest else { throw TimingError(.tooLong(limit: Self.longest), part: "") }
    self.text = text
    var fields = Self.fields(text)
    if let word = fields.first, word.hasPrefix("@") {
      guard fields.count == 1, let meaning = Self.nicknames[word.lowercased()] else {
        throw TimingError(.unknownNickname, part: fields.joined(separator: " "))
      }
      fields = Self.fields(meaning)
    }
    guard fields.count == CronField.allCases.count else { throw TimingError(.fieldCount(fields.count), part: text) }
    var values: [UInt64] = []
    for (field, text) in zip(CronField.allCases, fields) {
      values.append(try CronFieldParser(field: field).values(text))
    }
    time = TimePattern(minutes: values[0], hours: values[1])
    days = DayPattern(
      days: values[2], months: values[3], weekdays: values[4],
      either: !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*"))
  }

  private static func fields(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\t" } }

  /// Returns the first due wall time at or after `wall`, both in seconds from 1970-01-01 00:00 on the same clock; nil
  /// if there is none, as for 30 February.
  func next(from wall: Int64) -> Int64? {
    let minute = (wall + 59).floorDivided(by: 60)
    let day = minute.floorDivided(by: 1440)
    if days.contains(day), let due = time.next(from: minute - day * 1440) { return (day * 1440 + due) * 60 }
    guard let next = days.next(from: day + 1), let due = time.next(from: 0) else { return nil }
    return (next * 1440 + due) * 60
  }
}
