import ArgumentParser
import FaultInjection
import FoundationEssentials
import Glibc
import StructuredLogging
import Support

/// A command that has `--spool`. Commands in the hints of its failures get the same one.
public protocol SpoolCommand: ParsableCommand {
  var spoolOptions: SpoolOptions { get }
  /// Whether its messages go to every enabled log, as those of a stage. Else they concern only its user.
  var isLogged: Bool { get }
}

extension SpoolCommand {
  public var isLogged: Bool { false }
}

/// A stage as a command. Its type declares the options; this protocol parses and runs it, prints the output, and sets
/// the exit code.
public protocol StageCommand: SpoolCommand {
  static var stage: String { get }
  var output: OutputOptions { get }
  /// A dry run loads nothing, and ends without `etl_completed` or `etl_failed`.
  var isDryRun: Bool { get }
  /// Whether the run ends with this stage.
  var isLast: Bool { get }
  /// Validates options before the run begins.
  func requireValid() throws
  func perform(_ run: inout StageRun) throws
}

extension StageCommand {
  public var isDryRun: Bool { false }
  public var isLast: Bool { true }
  public func requireValid() throws {}
  public mutating func run() throws { try StageRun.run(self) }

  /// Parses a leading subcommand alone: ArgumentParser would also accept its parent's options, which have no effect.
  /// Only help and version name both.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    let first = configuration.subcommands.first { $0.configuration.commandName == words.first }
    guard let first, !words.contains(where: ["-h", "--help", "--version"].contains) else {
      return try parseAsRoot(words)
    }
    return try first.parseAsRoot(Array(words.dropFirst()))
  }

  /// Runs an executable: parses the arguments, runs the command, and ends the process. Wrong usage is reported like any
  /// other failure.
  ///
  /// - Parameter faultPoints: the steps at which the executable changes state outside itself.
  public static func start(_ faultPoints: [FaultPoint]) -> Never {
    StandardFiles.open()
    // A mask that denies the owner would lock this process out of its own folders.
    umask(umask(0) & 0o077)
    StopSignal.install()
    let words = Array(CommandLine.arguments.dropFirst())
    let asked = configuration.subcommands.first { words.contains($0.configuration.commandName ?? "") }
    let failure: Failure
    // Also needed if the command line cannot be parsed.
    var isRun = asked.map { $0 is any StageCommand.Type } ?? true
    var spool: String?
    do {
      do throws(FaultRequestError) { try Faults.begin(faultPoints) } catch {
        throw Failure(.usage, "\(error)", hint: "REGISTRY_FAULT=list prints this program's points")
      }
      _ = try RetryPause.fixedSeconds()
      try Environment.requireUTF8()
      var command = try parse(words)
      isRun = command is any StageCommand
      spool = (command as? any SpoolCommand)?.spoolOptions.spool
      if let (message, hint) = LogSettings.problem() { throw Failure(.usage, message, hint: Hint(hint)) }
      // A failure of a read-only command concerns only its user and must not raise an alarm.
      if !isRun, (command as? any SpoolCommand)?.isLogged != true { Logs.useStandardErrorAlone() }
      try (command as? any StageCommand)?.requireValid()
      try command.run()
      LogShipping.end(exitCode: 0)
    } catch let code as ExitCode {
      LogShipping.end(exitCode: code.rawValue)
    } catch let error as Failure {
      failure = error
    } catch {
      let code = exitCode(for: error)
      if code == .success {
        Swift.print(fullMessage(for: error))
        LogShipping.end(exitCode: 0)
      }
      let category: ExitCategory = code == .validationFailure ? .usage : .bug
      let help =
        asked is any ChainedStage.Type
        ? "\(PipelineCommand.script) --help lists the options"
        : "see '\(PipelineCommand.script) \(asked?.configuration.commandName ?? stage) --help'"
      let isUsage = category == .usage
      failure = Failure(
        category, message(for: error),
        hint: Hint(isUsage ? help : "this is a bug: please report it with the line above")
      )
    }
    let name = asked?.configuration.commandName ?? stage
    let identity = RunIdentity.inherited(command: name) ?? RunIdentity(command: name)
    let isDryRun = identity.command == PipelineCommand.dryRun.rawValue || words.contains("--dry-run")
    // A usage error at a terminal is shown there, and is not a failed run. cron and systemd have no terminal.
    if failure.category == .usage, isatty(STDERR_FILENO) == 1, !RunRecords.exists(identity.runID) { isRun = false }
    // The failure is not logged yet, since no stage had begun.
    if isRun { LogShipping.begin(spool: Environment.value("SPOOL_DIR")) } else { Logs.useStandardErrorAlone() }
    let log = EventLog(stage: stage, runID: identity.runID)
    let problem = Summary.Problem(failure, stage: stage, spool: spool)
    log.failure(problem, isEvent: isRun && !isDryRun)
    if isRun, let spool = RunMarker.inheritedSpool {
      log.orWarn("write the run's record") {
        try RunRecords.completeFailed(identity, problem, spool: spool)
      }
    }
    // The end is logged, so the next run must not take this one for killed.
    RunMarker.removeInherited()
    LogShipping.end(exitCode: failure.category.exitCode)
  }

  /// This command's name in `pipeline.sh`.
  fileprivate static func command(isDryRun: Bool) -> String {
    isDryRun ? "dry-run" : configuration.commandName ?? stage
  }
}

/// A running stage: its log, its summary and its result.
public struct StageRun {
  public let stage: String
  public let spool: String
  public var log: EventLog
  public var summary: Summary
  /// Whether the run ends with this stage.
  public let isLast: Bool
  /// Whether the run began with this stage.
  public let isFirst: Bool
  /// The number of records that the stage processed, for its rate.
  public var records: Int?
  /// The result: `done`, `already done`, `unchanged`.
  public var result = "done"

  static func run(_ command: some StageCommand) throws {
    let stage = type(of: command).stage
    let started = Timestamp.monotonicSeconds()
    let output = command.output
    let spool = command.spoolOptions.path
    LogShipping.begin(spool: spool)
    let marker = try RunMarker.acquire(spool: spool, command: type(of: command).command(isDryRun: command.isDryRun))
    let identity = marker.identity

    let handedOn = marker.isShared ? try RunRecords.read(identity.runID, spool: spool) : nil
    var run = StageRun(
      stage: stage, spool: spool, log: EventLog(stage: stage, runID: identity.runID),
      summary: handedOn ?? Summary(identity), isLast: command.isLast, isFirst: handedOn == nil)
    if run.isFirst {
      run.reportKilledRuns()
      run.log.event(.started, "run \(identity.runID) begins with \(stage)")
    }
    func problem(_ error: any Error) -> Summary.Problem {
      Summary.Problem(asFailure(error), stage: stage, spool: command.spoolOptions.spool)
    }
    var failure: Summary.Problem?
    do { try command.perform(&run) } catch { failure = problem(error) }

    let seconds = Timestamp.monotonicSeconds() - started
    run.close(seconds: seconds, failure: failure)
    if marker.isWritten {
      if run.isLast || failure != nil {
        run.log.orWarn("write the run's record") { try RunRecords.write(run.summary, spool: spool) }
      } else {
        // The next stage needs the record, so this error fails the run.
        do { try RunRecords.write(run.summary, spool: spool) } catch {
          failure = problem(error)
          run.close(seconds: seconds, failure: failure)
        }
      }
    }
    run.logEnd(failure, isDryRun: command.isDryRun)
    // The end of the run, if it has ended, is now recorded and logged; a later error does not change that.
    marker.release(runEnded: failure != nil || run.isLast)
    if failure != nil || run.isLast, failure == nil || output.json || run.summary.snapshot != nil {
      let text = output.json ? try run.summary.json() : Array(run.summary.table().utf8)
      do { try StandardOutput.write(text, what: "the summary") } catch {
        let problem = problem(error)
        // A table that cannot be written is only a warning. A JSON document was asked for, so its loss is a failure.
        if output.json {
          run.log.failure(problem, isEvent: false)
          failure = failure ?? problem
        } else {
          run.log.warning(problem.message)
        }
      }
    }
    if let code = failure?.exitCode { throw ExitCode(Int32(code)) }
  }

  private mutating func close(seconds: Double, failure: Summary.Problem?) {
    var entry = Summary.Stage(seconds: (seconds * 1000).rounded() / 1000, result: failure == nil ? result : "failed")
    if failure == nil, let records, seconds > 0 {
      entry.records = records
      entry.recordsPerSecond = Int(Double(records) / seconds)
    }
    summary.stages[stage] = entry
    if let failure {
      return summary.end(with: failure)
    }
    summary.error = nil
    if isLast { summary.end(exitCode: 0) }
  }

  private func logEnd(_ failure: Summary.Problem?, isDryRun: Bool) {
    var fields = summary.sourceFields()
    fields["status"] = .text(summary.status.rawValue)
    fields["duration_seconds"] = .number(summary.stages.values.reduce(0) { $0 + $1.seconds })
    if let totals = summary.totals {
      fields["records_total"] = .count(totals.total)
      fields["records_success"] = .count(totals.processed)
      fields["records_failed"] = .count(totals.failed)
      fields["records_duplicates"] = .count(totals.duplicated)
      fields["success_rate"] = .number(totals.total > 0 ? Double(totals.processed) * 100 / Double(totals.total) : 0)
    }
    if let failure {
      log.failure(failure, isEvent: !isDryRun, fields)
      return
    }
    guard isLast else { return }
    if let totals = summary.totals {
      log.event(
        .summary,
        "\(totals.total) records: \(totals.processed) accepted, \(totals.failed) rejected, \(totals.duplicated) duplicate, \(totals.blank) blank",
        fields)
    }
    fields["registry"] = .text(summary.effect.rawValue)
    if !isDryRun { log.event(.completed, "run \(summary.runID) ended: \(summary.status.rawValue)", fields) }
  }

  /// Reports killed runs, which could not log their own failure.
  private func reportKilledRuns() {
    do {
      try RunMarker.completeKilledRuns(spool: spool) { run in
        log.warning("run \(run.runID) was killed; its finished work is kept")
        guard run.command != "dry-run" else { return }
        EventLog(stage: stage, runID: run.runID).event(
          .failed, "run \(run.runID) was killed",
          ["status": "failed", "error": "killed before it ended", "temporary": .flag(false)])
      }
    } catch { log.warning("unable to check whether earlier runs were killed: \(asFailure(error).message)") }
  }
}

/// Returns the error if it is a ``Failure``. Any other error is a bug.
func asFailure(_ error: any Error) -> Failure {
  if let failure = error as? Failure { return failure }
  return Failure(.bug, "unexpected error: \(error)", hint: "this is a bug: please report it with the line above")
}

/// The version that `--version` prints.
public let productVersion = "1.0.0"
