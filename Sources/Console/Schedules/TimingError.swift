/// The reason why a timing or a time zone is invalid, with the field and the part of the text. Pages translate it;
/// `description` is in English.
public struct TimingError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: Sendable, Equatable {
    /// The text has more bytes than this.
    case tooLong(limit: Int)
    /// The text has this number of fields instead of five.
    case fieldCount(Int)
    /// An unknown word that begins with @.
    case unknownNickname
    /// A value is missing, for instance after a comma.
    case missingValue
    /// The value is not a number, and not a name of this field.
    case unknownValue
    case outOfRange(ClosedRange<Int>)
    /// A range whose end is before its start.
    case backwards
    /// The step after the slash is not a number in this range.
    case badStep(ClosedRange<Int>)
    /// The minutes of an interval are not in this range.
    case badInterval(ClosedRange<Int>)
    case unknownTimeZone
  }

  /// The field concerned; nil if it is the whole text.
  public let field: CronField?
  /// The part concerned, as it was written; empty if the text is too long.
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
    case .unknownValue: "'\(part)' is not a valid value"
    case .outOfRange(let range): "\(part) is not in \(range.lowerBound)-\(range.upperBound)"
    case .backwards: "the range '\(part)' ends before it starts"
    case .badStep(let range): "the step '\(part)' is not in \(range.lowerBound)-\(range.upperBound)"
    case .badInterval(let range): "\(part) minutes are not in \(range.lowerBound)-\(range.upperBound)"
    case .unknownTimeZone: "'\(part)' is no time zone: write UTC or a name like Asia/Taipei"
    }
  }
}
