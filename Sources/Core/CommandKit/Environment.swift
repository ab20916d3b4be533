import Glibc
import StructuredLogging
import Support

/// Settings from the environment. A command-line option takes precedence over its variable; an empty variable counts as
/// unset.
public enum Environment {
  public static func value(_ name: String) -> String? {
    environmentValue(name)
  }

  /// The values of all variables.
  static func values() -> [String] {
    var values: [String] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      if let equals = text.firstIndex(of: "=") { values.append(String(text[text.index(after: equals)...])) }
      next += 1
    }
    return values
  }

  /// Refuses paths that are not UTF-8: Swift's strings replace such bytes, so the path would name another file.
  ///
  /// - Throws: category `usage` if an argument, or a variable with a path, is not UTF-8.
  static func requireUTF8() throws(Failure) {
    var texts = (0..<Int(CommandLine.argc)).map { ("an argument", CommandLine.unsafeArgv[$0]) }
    texts += ["SPOOL_DIR", "SOURCE_URL", "LOG_FILE"].map { ($0, getenv($0)) }
    for (name, text) in texts {
      guard let text, String(validatingCString: text) == nil else { continue }
      throw Failure(
        .usage, "\(name) is not UTF-8", hint: "write it in UTF-8; rename a file or folder whose name is not UTF-8")
    }
  }

  /// Reads a setting that is `yes` or `no`. Other values are refused, so that a typo does not count as off.
  public static func isOn(_ name: String) throws(Failure) -> Bool {
    switch value(name) {
    case "yes": return true
    case "no", nil: return false
    case let text?: throw Failure(.usage, "\(name) must be yes or no, not '\(text)'", hint: "set it to yes or no")
    }
  }

  /// Reads a whole number from an option, or else from a variable.
  ///
  /// - Returns: nil if neither is set.
  /// - Throws: category `usage` if it is not a number in `range`.
  public static func number(
    _ option: String?, named name: String, variable: String?, in range: ClosedRange<Int>
  ) throws(Failure) -> Int? {
    let (text, origin) = option.map { ($0, name) } ?? (variable.flatMap(value) ?? "", variable ?? name)
    if option == nil && text.isEmpty { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Failure(
        .usage, "\(origin) '\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        hint: "correct \(origin), or leave it out to use the default")
    }
    return number
  }
}
