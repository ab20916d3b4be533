import Glibc
import Logging

/// Which form log lines have on stderr.
public enum LogFormat: String, Sendable {
  /// For a person.
  case text
  /// One JSON object a line, for programs.
  case json

  /// From `LOG_FORMAT`.
  public static let current: LogFormat =
    Environment.value("LOG_FORMAT").flatMap { LogFormat(rawValue: $0.lowercased()) } ?? .text
}

enum LogSetup {
  /// The least level that is written, from `LOG_LEVEL`.
  static let level: Logger.Level =
    Environment.value("LOG_LEVEL").flatMap { Logger.Level(rawValue: $0.lowercased()) } ?? .info

  static func logger(_ label: String) -> Logger {
    var logger = Logger(label: label) { label in
      LogFormat.current == .json ? JSONLogHandler(label: label) as any LogHandler : TextLogHandler(label: label)
    }
    logger.logLevel = level
    return logger
  }

  /// One write a line, so that lines of several processes do not mix.
  static func write(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}
