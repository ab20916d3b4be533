import FoundationEssentials
import Spool
import Support

/// Who started a run.
public enum RunOrigin: String, Codable, Sendable, CaseIterable {
  /// A person, cron or systemd.
  case shell
  /// A schedule of the console.
  case schedule
  /// A person on the console's pages.
  case console
}

/// A run's data at its start. `pipeline.sh` sets it and passes it to the stages as environment variables; a stage that
/// runs alone sets it itself.
public struct RunIdentity: Sendable, Equatable {
  public let runID: String
  /// The command of `pipeline.sh`, for instance `dry-run`.
  public let command: String
  public let origin: RunOrigin
  /// UTC with milliseconds, so that runs sort by it.
  public let startedAt: String

  /// Begins a new run.
  init(command: String) {
    runID = UUID().uuidString.lowercased()
    self.command = command
    origin = Environment.value("RUN_ORIGIN").flatMap(RunOrigin.init) ?? .shell
    startedAt = Timestamp.utcMilliseconds()
  }

  /// Reads the run that `pipeline.sh` began from the environment.
  ///
  /// - Parameter command: the default if `pipeline.sh` names none.
  /// - Returns: nil if `pipeline.sh` began none.
  static func inherited(command: String) -> RunIdentity? {
    guard let runID = Environment.value("RUN_ID"), RunRecords.isName(runID) else { return nil }
    return RunIdentity(
      runID: runID, command: Environment.value("RUN_COMMAND") ?? command,
      origin: Environment.value("RUN_ORIGIN").flatMap(RunOrigin.init) ?? .shell,
      startedAt: Environment.value("RUN_STARTED_AT") ?? Timestamp.utcMilliseconds())
  }

  /// Parses the content of a run's marker, `COMMAND PID ORIGIN STARTED_AT`. Earlier versions wrote only the first two
  /// words, when the run began: `writtenAt` is then the start.
  init(runID: String, marker: String, writtenAt: String) {
    let words = marker.split(whereSeparator: \.isWhitespace).map(String.init)
    self.init(
      runID: runID, command: words.first ?? "", origin: words.dropFirst(2).first.flatMap(RunOrigin.init) ?? .shell,
      startedAt: words.dropFirst(3).first ?? writtenAt)
  }

  private init(runID: String, command: String, origin: RunOrigin, startedAt: String) {
    self.runID = runID
    self.command = command
    self.origin = origin
    self.startedAt = startedAt
  }

  func marker(pid: Int32) -> String { "\(command) \(pid) \(origin.rawValue) \(startedAt)\n" }
}
