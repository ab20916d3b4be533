import FoundationEssentials

/// A line of the log that stages write.
public struct RunLogLine: Sendable, Equatable {
  /// Seconds since 1970.
  public let time: Double?
  /// `INFO`, `WARNING`, `ERROR` …
  public let level: String
  /// The stage, or `pipeline.sh`.
  public let name: String
  public let message: String
  /// What to do about it.
  public let hints: [String]
  /// Such as `batch_completed`.
  public let event: String?
  public let jobRunID: Int?
  /// Number of the batch that it is about, and its records.
  public let batch: Int?
  public let records: Int?

  /// The number at the end of `batch 3 of 11` or `batch 3 of 11 is in`.
  var batchesTotal: Int? {
    let words = message.split(separator: " ")
    return words.count >= 4 && words[2] == "of" ? Int(words[3]) : nil
  }

  /// All lines that are such objects; others have lost their beginning, or are of somebody else.
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

  /// Of a time as the log has it: `2026-11-25T14:03:11.126+0000`.
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

  /// Days since 1970-01-01. Years begin in March, so that a leap day is the last of one; day 306 of year 0 so counted
  /// is the first of January of year 1, which is 719,162 days before 1970.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let month = month > 2 ? month - 3 : month + 9
    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 306 - 719_162
  }
}
