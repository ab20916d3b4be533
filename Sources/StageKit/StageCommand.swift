import ArgumentParser
import Failures
import Faults
import FoundationEssentials
import Glibc
import Logs

/// A stage as a command: it parses, this runs it and turns what happens into output and an exit code.
public protocol StageCommand: ParsableCommand {
  static var stage: String { get }
  var output: OutputOptions { get }
  var spoolOptions: SpoolOptions { get }
  /// A dry run loads nothing, and ends without `etl_completed` or `etl_failed`.
  var isDryRun: Bool { get }
  func perform(_ run: inout StageRun) throws
}

extension StageCommand {
  public var isDryRun: Bool { false }
  public mutating func run() throws { try StageRun.run(self) }

  /// Of a line that is wrong: whether it asks for a subcommand that is no run.
  private static var namesNoRun: Bool {
    let words = CommandLine.arguments.dropFirst()
    let asked = configuration.subcommands.first { words.contains($0.configuration.commandName ?? "") }
    return asked.map { !($0 is any StageCommand.Type) } ?? false
  }

  /// Parses the arguments and runs: the whole of an executable. Wrong usage is told like any other failure.
  ///
  /// - Parameter faultPoints: where the executable changes state outside itself.
  public static func start(_ faultPoints: [FaultPoint]) -> Never {
    StopSignal.install()
    Faults.list(faultPoints)
    let failure: Failure
    var isRun = !namesNoRun
    do {
      var command = try parseAsRoot()
      isRun = command is any StageCommand
      // What fails in a command that only looks concerns who typed it, and no alarm.
      if !isRun, !(command is LogCommand) { Logs.useStandardErrorAlone() }
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
      let verdict: Verdict = code == .validationFailure ? .usage : .bug
      let hint = verdict == .usage ? "see '\(stage) --help'" : "this is a bug: please report it with the line above"
      failure = Failure(verdict, message(for: error), hint: hint)
    }
    // Nothing has logged it: there was no run yet.
    if isRun { LogShipping.begin(spool: Environment.value("SPOOL_DIR")) } else { Logs.useStandardErrorAlone() }
    let runID = Environment.value("RUN_ID") ?? UUID().uuidString.lowercased()
    EventLog(stage: stage, runID: runID).failure(
      failure.withoutSecrets(), from: stage, isEvent: isRun && !CommandLine.arguments.contains("--dry-run"))
    LogShipping.end(exitCode: failure.verdict.exitCode)
  }
}

/// One stage at work: its log, its summary, its clock.
public struct StageRun {
  public let stage: String
  public let spool: String
  public var log: EventLog
  public var summary: Summary
  /// Whether the run ends with this stage.
  public let isLast: Bool
  /// Records that the stage went through, for its rate.
  public var records: Int?
  /// What became of the stage: `done`, `already done`, `unchanged`.
  public var result = "done"

  static func run(_ command: some StageCommand) throws {
    let stage = type(of: command).stage
    let started = Clock.monotonicSeconds()
    let output = command.output
    let spool = command.spoolOptions.path
    LogShipping.begin(spool: spool)
    let marker = try RunMarker.enter(spool: spool, command: command.isDryRun ? "dry-run" : stage)

    let handedOn = try output.summaryFile.flatMap { try Summary.read(handedOnIn: $0) }
    var run = StageRun(
      stage: stage, spool: spool, log: EventLog(stage: stage, runID: marker.runID),
      summary: handedOn ?? Summary(runID: marker.runID), isLast: !output.moreFollows)
    if handedOn == nil {
      run.reportKilledRuns()
      run.log.event(.started, "run \(marker.runID) begins with \(stage)")
    }
    var failure: Failure?
    do { try command.perform(&run) } catch {
      failure = asFailure(error).withoutSecrets().naming(spool: command.spoolOptions.spool)
    }

    let seconds = Clock.monotonicSeconds() - started
    run.close(seconds: seconds, failure: failure)
    let next = run.isLast ? nil : output.summaryFile
    if failure == nil, let next {
      do { try handOn(run.summary, next) } catch {
        failure = asFailure(error)
        run.close(seconds: seconds, failure: failure)
      }
    }
    run.logEnd(failure, isDryRun: command.isDryRun)
    // Whatever happens from here on, the run has said how it ended, if it has.
    marker.leave(runEnded: failure != nil || run.isLast)
    if failure != nil || next == nil, failure == nil || output.json || run.summary.snapshot != nil {
      let text = output.json ? try run.summary.json() : Array(run.summary.table().utf8)
      do { try WholeWrite.bytes(text, to: STDOUT_FILENO) } catch {
        let problem = asFailure(error)
        run.log.failure(problem, from: stage, isEvent: false)
        failure = failure ?? problem
      }
    }
    if let failure { throw ExitCode(failure.verdict.exitCode) }
  }

  private mutating func close(seconds: Double, failure: Failure?) {
    var entry = Summary.Stage(seconds: (seconds * 1000).rounded() / 1000, result: failure == nil ? result : "failed")
    if failure == nil, let records, seconds > 0 {
      entry.records = records
      entry.recordsPerSecond = Int(Double(records) / seconds)
    }
    summary.stages[stage] = entry
    guard let failure else { return }
    summary.status = .failed
    summary.error = Summary.Problem(
      stage: stage, message: failure.message, hints: failure.hints, exitCode: Int(failure.verdict.exitCode))
  }

  private func logEnd(_ failure: Failure?, isDryRun: Bool) {
    var fields: [String: EventLog.Field] = [
      "status": .text(summary.status.rawValue),
      "duration_seconds": .number(summary.stages.values.reduce(0) { $0 + $1.seconds }),
    ]
    if let totals = summary.totals {
      fields["records_total"] = .count(totals.total)
      fields["records_success"] = .count(totals.processed)
      fields["records_failed"] = .count(totals.failed)
      fields["records_duplicates"] = .count(totals.duplicated)
      fields["success_rate"] = .number(totals.total > 0 ? Double(totals.processed) * 100 / Double(totals.total) : 0)
    }
    if let failure {
      log.failure(failure, from: stage, isEvent: !isDryRun, fields)
      return
    }
    guard isLast else { return }
    if let totals = summary.totals {
      log.event(
        .summary,
        "\(totals.total) records: \(totals.processed) accepted, \(totals.failed) rejected, \(totals.duplicated) duplicate, \(totals.blank) blank",
        fields)
    }
    if !isDryRun { log.event(.completed, "run \(summary.runID) ended: \(summary.status.rawValue)", fields) }
  }

  /// A killed run could not say that it failed.
  private func reportKilledRuns() {
    do {
      for (runID, command) in try RunMarker.killedRuns(spool: spool) {
        log.warning("run \(runID) was killed; what it left is taken up or done again")
        guard command != "dry-run" else { continue }
        EventLog(stage: stage, runID: runID).event(
          .failed, "run \(runID) was killed", ["status": "failed", "error": "killed before it ended"])
      }
    } catch { log.warning("unable to look for killed runs: \(asFailure(error).message)") }
  }

  private static func handOn(_ summary: Summary, _ path: String) throws {
    let descriptor = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure.system("write '\(path)'", errno: errno) }
    defer { Glibc.close(descriptor) }
    try WholeWrite.bytes(try summary.json(), to: descriptor)
  }
}

/// A failure as it is; anything else that is thrown is a bug of ours.
func asFailure(_ error: any Error) -> Failure {
  if let failure = error as? Failure { return failure }
  return Failure(.bug, "unexpected: \(error)", hint: "this is a bug: please report it with the line above")
}
