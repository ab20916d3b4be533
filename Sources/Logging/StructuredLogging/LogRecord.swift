import Logging

/// A log record, as every output gets it.
public struct LogRecord: Sendable {
  public let time: LogTime
  public let level: Logger.Level
  /// The program that logs it: `fetch`, `transform`, `load`.
  public let name: String
  public let message: String
  /// The event's fields, by name.
  public let fields: Logger.Metadata

  public init(time: LogTime, level: Logger.Level, name: String, message: String, fields: Logger.Metadata) {
    self.time = time
    self.level = level
    self.name = name
    self.message = message
    self.fields = fields
  }
}

/// A destination of log records.
public protocol LogOutput: Sendable {
  /// Writes a record. Any thread may call it. It never waits for a network and never fails: it counts or reports
  /// problems.
  func write(_ record: LogRecord)
}

/// An output to stderr.
protocol StandardErrorOutput: LogOutput {}
