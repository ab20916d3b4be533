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

/// What is known of a run when it begins. `pipeline.sh` decides it and passes it on to the stages as environment
/// variables; a stage that runs alone decides it itself.
public struct RunIdentity: Sendable, Equatable {
  public let runID: String
  /// The command of `pipeline.sh`, for instance `dry-run`.
  public let command: String
  public let origin: RunOrigin
  /// UTC with milliseconds, so that runs sort by it.
  public let startedAt: String

  /// A run that begins now.
  init(command: String) {
    runID = UUID().uuidString.lowercased()
    self.command = command
    origin = Environment.value("RUN_ORIGIN").flatMap(RunOrigin.init) ?? .shell
    startedAt = Timestamp.utcMilliseconds()
  }

  /// The run that `pipeline.sh` began.
  ///
  /// - Parameter command: where `pipeline.sh` names none.
  /// - Returns: nil where no `pipeline.sh` began one.
  static func inherited(command: String) -> RunIdentity? {
    guard let runID = Environment.value("RUN_ID"), RunRecords.isName(runID) else { return nil }
    return RunIdentity(
      runID: runID, command: Environment.value("RUN_COMMAND") ?? command,
      origin: Environment.value("RUN_ORIGIN").flatMap(RunOrigin.init) ?? .shell,
      startedAt: Environment.value("RUN_STARTED_AT") ?? Timestamp.utcMilliseconds())
  }

  /// The content of a run's marker, `COMMAND PID ORIGIN STARTED_AT`. Earlier versions wrote only the first two words, when
  /// the run began.
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
