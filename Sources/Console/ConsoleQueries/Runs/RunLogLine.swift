import FoundationEssentials

/// A line of a run's log.
public struct RunLogLine: Sendable, Equatable {
  /// Seconds since 1970.
  public let time: Double?
  /// `INFO`, `WARNING`, `ERROR` …
  public let level: String
  /// The stage, or `pipeline.sh`.
  public let name: String
  public let message: String
  /// Hints on what to do.
  public let hints: [String]
  /// The log event, such as `batch_completed`.
  public let event: String?
  public let jobRunID: Int?
  /// The number of the batch concerned.
  public let batch: Int?
  /// The number of its records.
  public let records: Int?

  /// The total number of batches, parsed from messages such as `batch 3 of 11` or `batch 3 of 11: loaded`.
  var batchesTotal: Int? {
    let words = message.split(separator: " ")
    return words.count >= 4 && words[2] == "of" ? Int(words[3].prefix(while: \.isNumber)) : nil
  }

  /// Parses a log. Lines that are not such JSON objects are skipped: they lost their beginning, or another program
  /// wrote them.
  public static func read(_ log: String) -> [RunLogLine] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return log.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? decoder.decode(Members.self, from: Data(line))).map(RunLogLine.init)
    }
  }

  private init(_ members: Members) {
    time = members.timestamp.flatMap(Self.seconds)
    level = members.level ?? "INFO"
    name = members.name
    message = members.message
    hints = members.hints ?? []
    event = members.event
    jobRunID = members.jobRunId
    batch = members.batchNum
    records = members.rawCount
  }

  private struct Members: Decodable {
    let timestamp, level, event: String?
    let name, message: String
    let hints: [String]?
    let jobRunId, batchNum, rawCount: Int?
  }

  /// Returns the seconds since 1970 of a time such as `2026-11-25T14:03:11.126+0000`.
  static func seconds(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? { Int(String(decoding: bytes[range], as: UTF8.self)) }
    guard bytes.count == 28, bytes[10] == UInt8(ascii: "T"), let year = number(0..<4), let month = number(5..<7),
      let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      let thousandths = number(20..<23), let zoneHours = number(24..<26), let zoneMinutes = number(26..<28)
    else { return nil }
    let sign = bytes[23] == UInt8(ascii: "-") ? -1 : 1
    let zone = sign * (zoneHours * 3600 + zoneMinutes * 60)
    let time = hour * 3600 + minute * 60 + second - zone
    return Double(days(year, month, day) * 86_400 + time) + Double(thousandths) / 1000
  }

  /// Returns the days since 1970-01-01. Years are counted from March, so that a leap day is the last day of a year.
  /// Counted so, day 306 of year 0 is 1 January of year 1, which is 719,162 days before 1970-01-01.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let month = month > 2 ? month - 3 : month + 9
    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 306 - 719_162
  }
}
