import Logging

/// One thing to log, as every output gets it.
public struct LogRecord: Sendable {
  public let time: LogTime
  public let level: Logger.Level
  /// Who says it: `fetch`, `transform`, `load`.
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

/// Where log records go.
public protocol LogOutput: Sendable {
  /// Any thread may call it. It never waits for a network, and it never fails: what it cannot do it counts or tells.
  func write(_ record: LogRecord)
}

/// An output for who sits there and sees it.
protocol StandardErrorOutput: LogOutput {}
