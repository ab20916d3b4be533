/// The fields of a cron expression, in their order.
public enum CronField: Int, Sendable, CaseIterable, CustomStringConvertible {
  case minute, hour, dayOfMonth, month, dayOfWeek

  public var description: String {
    switch self {
    case .minute: "minute"
    case .hour: "hour"
    case .dayOfMonth: "day of month"
    case .month: "month"
    case .dayOfWeek: "day of week"
    }
  }

  /// The values that `*` means. Days of the week count from Sunday.
  public var range: ClosedRange<Int> {
    switch self {
    case .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...6
    }
  }

  /// The values that may be written: Sunday is 0 or 7.
  var written: ClosedRange<Int> { self == .dayOfWeek ? 0...7 : range }

  var steps: ClosedRange<Int> { 1...written.upperBound }

  /// The names of values in lower case, beginning with the least value.
  var names: [String] {
    switch self {
    case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    default: []
    }
  }

  static var listed: String { allCases.map(\.description).joined(separator: ", ") }
}
