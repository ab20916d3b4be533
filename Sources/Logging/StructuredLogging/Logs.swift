import Logging
import Synchronization

/// The process's log: passes the records of its loggers to the outputs.
public enum Logs {
  private static let outputs = Mutex(standard())

  public static func logger(_ name: String) -> Logger {
    var logger = Logger(label: name) { RecordHandler(label: $0) }
    // Named events reach files and CloudWatch at any level: metrics must not depend on the level that people read.
    logger.logLevel = min(LogLevel.current, .info)
    return logger
  }

  /// Adds an output for all later records.
  public static func add(_ output: some LogOutput) { outputs.withLock { $0.append(output) } }

  static func write(_ record: LogRecord) {
    let isAsked = record.level >= LogLevel.current
    let isEvent = record.fields["event"] != nil
    for output in outputs.withLock({ $0 }) where isAsked || isEvent && !(output is any StandardErrorOutput) {
      output.write(record)
    }
  }

  /// Removes all outputs but stderr: for commands that are not runs, whose failures concern only their user.
  public static func useStandardErrorAlone() { outputs.withLock { $0.removeAll { !($0 is any StandardErrorOutput) } } }

  /// Reports a problem of an output. Writes to stderr only, which does not have the same problem, so that the other
  /// outputs have the same records.
  public static func tellOnStandardError(_ message: String, _ fields: Logger.Metadata) {
    let record = LogRecord(time: .now(), level: .warning, name: "log", message: message, fields: fields)
    if record.level >= LogLevel.current { for output in standardError() { output.write(record) } }
  }

  private static func standard() -> [any LogOutput] {
    standardError() + (environmentValue("LOG_FILE").map { [FileOutput(stem: $0)] } ?? [])
  }

  private static func standardError() -> [any LogOutput] {
    var outputs: [any LogOutput] = []
    if LogFormat.current.contains(.text) { outputs.append(TextOutput()) }
    if LogFormat.current.contains(.json) { outputs.append(JSONOutput()) }
    return outputs
  }
}

/// The log handler of swift-log: makes one record for all outputs.
private struct RecordHandler: LogHandler {
  let label: String
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    Logs.write(
      LogRecord(
        time: .now(), level: event.level, name: label, message: event.message.description,
        fields: metadata.merging(event.metadata ?? [:]) { $1 }))
  }
}
