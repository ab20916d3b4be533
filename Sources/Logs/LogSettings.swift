import Glibc
import Logging

/// Which lines stderr gets, from `LOG_FORMAT`: `text`, `json`, or both.
public struct LogFormat: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// For a person.
  public static let text = LogFormat(rawValue: 1)
  /// One JSON object a line, for programs.
  public static let json = LogFormat(rawValue: 2)

  public static let current = LogFormat(environmentValue("LOG_FORMAT") ?? "")

  init(_ names: String) {
    self = []
    for name in names.lowercased().split(separator: ",") {
      if name == "json" { insert(.json) }
      if name == "text" { insert(.text) }
    }
    if isEmpty { insert(.text) }
  }
}

/// The least level that is written, from `LOG_LEVEL`.
public enum LogLevel {
  public static let current: Logger.Level =
    environmentValue("LOG_LEVEL").flatMap { Logger.Level(rawValue: $0.lowercased()) } ?? .info
}

/// A variable of the environment; an empty one is none.
public func environmentValue(_ name: String) -> String? {
  guard let text = getenv(name) else { return nil }
  let value = String(cString: text)
  return value.isEmpty ? nil : value
}
