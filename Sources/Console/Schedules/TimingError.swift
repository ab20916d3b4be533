/// Why a timing or a time zone cannot be used: what is wrong, where, and with which part of the text. A form can say it
/// in any language; `description` says it in English.
public struct TimingError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: Sendable, Equatable {
    /// More bytes than this.
    case tooLong(limit: Int)
    /// So many fields instead of five.
    case fieldCount(Int)
    /// A word that begins with @, and none of those that are known.
    case unknownNickname
    /// Nothing where a value belongs, for instance after a comma.
    case missingValue
    /// Neither a number nor a name of this field.
    case unknownValue
    case outOfRange(ClosedRange<Int>)
    /// A range whose end is before its start.
    case backwards
    /// What follows the slash is no number of this range.
    case badStep(ClosedRange<Int>)
    /// Minutes between two times that are not in this range.
    case badInterval(ClosedRange<Int>)
    case unknownTimeZone
  }

  /// nil where the text as a whole is meant.
  public let field: CronField?
  /// As it was written; empty where the text is too long to repeat.
  public let part: String
  public let reason: Reason

  public init(_ reason: Reason, part: String, field: CronField? = nil) {
    self.field = field
    self.part = part
    self.reason = reason
  }

  /// One line without a full stop.
  public var description: String { (field.map { "\($0): " } ?? "") + why }

  private var why: String {
    switch reason {
    case .tooLong(let limit): "longer than \(limit) bytes"
    case .fieldCount(let count): "'\(part)' has \(count) fields instead of five (\(CronField.listed))"
    case .unknownNickname: "'\(part)' is none of \(CronExpression.nicknames.keys.sorted().joined(separator: ", "))"
    case .missingValue: "a value is missing in '\(part)'"
    case .unknownValue: "'\(part)' is no value"
    case .outOfRange(let range): "\(part) is not in \(range.lowerBound)-\(range.upperBound)"
    case .backwards: "the range '\(part)' ends before it starts"
    case .badStep(let range): "the step '\(part)' is not in \(range.lowerBound)-\(range.upperBound)"
    case .badInterval(let range): "\(part) minutes are not in \(range.lowerBound)-\(range.upperBound)"
    case .unknownTimeZone: "'\(part)' is no time zone: write UTC or a name like Asia/Taipei"
    }
  }
}
