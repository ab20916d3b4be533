import Glibc
import Logging

/// The kinds of lines on stderr, from `LOG_FORMAT`: `text`, `json`, or both.
public struct LogFormat: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Lines for people.
  public static let text = LogFormat(rawValue: 1)
  /// One JSON object per line, for programs.
  public static let json = LogFormat(rawValue: 2)

  public static let current = environmentValue("LOG_FORMAT").flatMap { LogFormat($0) } ?? .text

  /// - Parameter names: `text`, `json`, or both with a comma; nil for anything else.
  init?(_ names: String) {
    self = []
    for name in names.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
      switch name {
      case "json": insert(.json)
      case "text": insert(.text)
      default: return nil
      }
    }
  }
}

/// The lowest level that is written, from `LOG_LEVEL`.
public enum LogLevel {
  public static let current: Logger.Level = environmentValue("LOG_LEVEL").flatMap(level) ?? .info

  static func level(_ name: String) -> Logger.Level? { Logger.Level(rawValue: name.lowercased()) }
}

/// The variables that this library reads.
public enum LogSettings {
  /// Returns what is wrong with a variable, and its allowed values; nil if all are valid.
  public static func problem(_ variable: (String) -> String? = environmentValue) -> (message: String, hint: String)? {
    if let format = variable("LOG_FORMAT"), LogFormat(format) == nil {
      return ("invalid LOG_FORMAT '\(format)'", "set it to text, json or text,json")
    }
    if let level = variable("LOG_LEVEL"), LogLevel.level(level) == nil {
      return ("invalid LOG_LEVEL '\(level)'", "set it to debug, info, warning or error")
    }
    return nil
  }
}

/// Returns a variable of the environment; nil if it is not set or empty.
public func environmentValue(_ name: String) -> String? {
  guard let text = getenv(name) else { return nil }
  let value = String(cString: text)
  return value.isEmpty ? nil : value
}
