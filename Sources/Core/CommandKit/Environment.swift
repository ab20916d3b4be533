import StructuredLogging
import Support

/// Settings from the environment. An option on the command line goes before its variable; an empty variable is none.
public enum Environment {
  public static func value(_ name: String) -> String? {
    environmentValue(name)
  }

  /// A setting that is `yes` or `no`. Other values are refused, so that a typing error does not count as off.
  public static func isOn(_ name: String) throws(Failure) -> Bool {
    switch value(name) {
    case "yes": return true
    case "no", nil: return false
    case let text?: throw Failure(.usage, "\(name) is '\(text)'", hint: "set it to yes or no")
    }
  }

  /// A whole number from an option or else a variable.
  ///
  /// - Throws: category `usage` where it is no number or out of `range`.
  public static func number(
    _ option: String?, named name: String, variable: String?, in range: ClosedRange<Int>
  ) throws(Failure) -> Int? {
    let (text, origin) = option.map { ($0, name) } ?? (variable.flatMap(value) ?? "", variable ?? name)
    if option == nil && text.isEmpty { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Failure(
        .usage, "\(origin) '\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        hint: "correct \(origin), or leave it out for its default")
    }
    return number
  }
}
