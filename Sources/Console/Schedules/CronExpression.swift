/// Wall-clock minutes, as crontab(5) writes them: minute, hour, day of month, month, day of week.
///
/// Each field is a list of values, ranges (`10-40`) and `*`, with steps where wanted (`*/5`, `10-40/7`; `5/15` goes on
/// to the greatest value). Months and days of the week have English names of three letters, also in ranges; Sunday is
/// 0, 7 and sun. A step is at most the field's greatest value: a greater one, as in `*/90`, never does what it says.
///
/// Where neither day field begins with `*` a day counts when either field has it, otherwise when both have it. The
/// nicknames @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually stand for what crontab(5) says.
public struct CronExpression: Sendable, Equatable {
  public static let longest = 200

  static let nicknames = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]

  /// As it was written.
  public let text: String
  let time: TimePattern
  let days: DayPattern

  /// - Parameter text: at most `longest` bytes; fields are separated by spaces and tabs.
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

  /// The first due wall time from `wall` on, both in seconds from 1970-01-01 00:00 on the same clock. nil where none
  /// ever comes, as on 30 February.
  func next(from wall: Int64) -> Int64? {
    let minute = (wall + 59).floorDivided(by: 60)
    let day = minute.floorDivided(by: 1440)
    if days.contains(day), let due = time.next(from: minute - day * 1440) { return (day * 1440 + due) * 60 }
    guard let next = days.next(from: day + 1), let due = time.next(from: 0) else { return nil }
    return (next * 1440 + due) * 60
  }
}
