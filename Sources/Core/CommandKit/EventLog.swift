import FoundationEssentials
import Logging
import StructuredLogging
import Support

/// Writes a run's events to the log.
public struct EventLog: Sendable {
  private var logger: Logger

  public init(stage: String, runID: String) {
    logger = Logs.logger(stage)
    logger[metadataKey: "run_id"] = .string(runID)
  }

  /// Adds the job run's ID to all later events.
  public mutating func set(jobRunID: Int) { logger[metadataKey: "job_run_id"] = .stringConvertible(jobRunID) }

  /// Logs an event, with its name in the field `event`.
  public func event(_ event: Event, _ message: String, _ fields: [String: Field] = [:]) {
    write(event.level, message, fields.merging(["event": .text(event.rawValue)]) { $1 })
  }

  /// Logs a failure: as `etl_failed`, or as an error line that no metric counts.
  func failure(
    _ problem: Summary.Problem, message: String? = nil, isEvent: Bool, _ fields: [String: Field] = [:]
  ) {
    var fields = fields.merging(["error": .text(problem.message), "hints": .list(problem.hints)]) { $1 }
    if let code = problem.exitCode {
      fields["exit_code"] = .count(code)
      fields["temporary"] = .flag(Self.isTemporary(exitCode: code))
    }
    let message = message ?? "\(problem.stage) failed: \(problem.message)"
    if isEvent { event(.failed, message, fields) } else { write(.error, message, fields) }
  }

  /// Whether the next run can succeed without intervention: after a temporary failure, and after a stop by SIGHUP,
  /// SIGINT or SIGTERM.
  private static func isTemporary(exitCode: Int) -> Bool { [75, 129, 130, 143].contains(exitCode) }

  /// Logs a line that no metric counts.
  public func info(_ message: String) { note(.info, message) }
  public func warning(_ message: String) { note(.warning, message) }
  public func debug(_ message: String) { note(.debug, message) }

  /// Logs a hint as a warning. Commands in it get this command's `--spool` and `--database-url`.
  public func advise(_ hint: Hint) {
    warning(hint.text(spool: SpoolOptions.typed(), databaseURL: DatabaseOptions.typed()))
  }

  /// Returns a check that a loop calls while it waits for a lock. After five seconds the check logs, once, that another
  /// process holds the lock.
  ///
  /// - Throws: (the check) category `stopped` after a signal; category `temporary` after ten minutes, since a working
  ///   process would have released the lock by then.
  package func whileWaiting(
    for path: String, seconds: @escaping () -> Double = MonotonicClock.seconds
  ) -> () throws(Failure) -> Void {
    let start = seconds()
    var isTold = false
    return { () throws(Failure) in
      try StopSignal.check()
      let waited = seconds() - start
      guard waited < 600 else {
        throw Failure(
          .temporary, "another process has held the lock '\(path)' for ten minutes",
          hint: "find it with 'fuser \(path)' or 'lslocks', end it if it hangs, then run the same command again")
      }
      guard waited >= 5, !isTold else { return }
      isTold = true
      warning("another process holds the lock '\(path)': waiting for it")
    }
  }

  /// Runs an optional step, whose failure is only a warning.
  func orWarn(_ what: String, _ body: () throws -> Void) {
    do { try body() } catch { warning("unable to \(what): \(asFailure(error).message)") }
  }

  /// Logs a line for a caller that is not a stage.
  func line(_ level: Logger.Level, _ message: String, hints: [String] = [], eventID: String?) {
    var fields: [String: Field] = level == .error ? ["error": .text(message), "hints": .list(hints)] : [:]
    fields["event_id"] = eventID.map { .text($0) }
    write(level, message, fields)
  }

  /// Logs a stage's progress. A terminal does not show this line, since it has a bar.
  func progress(_ message: String, done: Int, total: Int?) {
    var fields: [String: Field] = ["progress_done": .count(done)]
    fields["progress_total"] = total.map { .count($0) }
    write(.info, message, fields)
  }

  private func note(_ level: Logger.Level, _ message: String) { write(level, message, [:]) }

  private func write(_ level: Logger.Level, _ message: String, _ fields: [String: Field]) {
    var metadata: Logger.Metadata = fields.mapValues(\.metadata)
    if metadata["event_id"] == nil { metadata["event_id"] = .string(UUID().uuidString.lowercased()) }
    logger.log(level: level, "\(message)", metadata: metadata)
  }

  public enum Event: String, Sendable {
    case started = "etl_started"
    case batchStarted = "batch_started"
    case batchValidationErrors = "batch_validation_errors"
    case batchCompleted = "batch_completed"
    case batchDryRun = "batch_dry_run"
    case summary = "etl_summary"
    case completed = "etl_completed"
    case failed = "etl_failed"

    var level: Logger.Level {
      switch self {
      case .batchValidationErrors: .warning
      case .failed: .error
      default: .info
      }
    }
  }

  public enum Field: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case count(Int)
    case number(Double)
    case flag(Bool)
    case list([String])

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .count(value) }

    var metadata: Logger.MetadataValue {
      switch self {
      case .text(let text): .string(text)
      case .count(let count): .stringConvertible(count)
      case .number(let number): .stringConvertible((number * 1000).rounded() / 1000)
      case .flag(let flag): .stringConvertible(flag)
      case .list(let texts): .array(texts.map { .string($0) })
      }
    }
  }
}
