import ArgumentParser
import FoundationEssentials
import Glibc
import Support

/// `log`: writes a line of stdin to every enabled log. `pipeline.sh` reports its own failures with it.
public struct LogCommand: SpoolCommand {
  public enum Level: String, ExpressibleByArgument, CaseIterable, Sendable { case info, error }

  public static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Write stdin's first line to every enabled log; further lines are its hints.",
    shouldDisplay: false)

  private static let bytesMax = 64 << 10

  @Option(help: ArgumentHelp("info or error.", valueName: "LEVEL"))
  var level = Level.info
  @Option(help: ArgumentHelp("The program that reports it.", valueName: "NAME"))
  var name = "load"
  @Option(
    help: ArgumentHelp(
      "The stage that ended the run, if it could not report that itself (default: NAME).", visibility: .hidden))
  var stage: String?
  @Option(help: ArgumentHelp("The event_id (default: a new one).", visibility: .hidden))
  var eventID: String?
  @Option(
    help: ArgumentHelp(
      "Exit code of a run that ends outside its stages: complete its record, log etl_failed unless it is a dry run.",
      valueName: "N", visibility: .hidden))
  var exitCode: Int?
  @OptionGroup public var spoolOptions: SpoolOptions

  public init() {}

  public var isLogged: Bool { true }

  public func run() throws {
    let identity = RunIdentity.inherited(command: name) ?? RunIdentity(command: name)
    let log = EventLog.ofRun(stage: name, spool: spoolOptions.path)
    let lines = try Self.readLines()
    guard let message = lines.first else {
      throw Failure(.usage, "stdin holds no line to log", hint: "put the message on its first line")
    }
    let hints = Array(lines.dropFirst())
    guard let exitCode else {
      log.line(level == .info ? .info : .error, message, hints: hints, eventID: eventID)
      return
    }
    let problem = Summary.Problem(stage: stage ?? name, message: message, hints: hints, exitCode: exitCode)
    // As in a stage, the record is written before the event: a run whose record is complete is not reported as killed.
    defer {
      if identity.command == "dry-run" {
        log.line(.error, message, hints: hints, eventID: eventID)
      } else {
        var fields: [String: EventLog.Field] = ["status": .text(Summary.Status.failed.rawValue)]
        fields["event_id"] = eventID.map { .text($0) }
        log.failure(problem, message: message, isEvent: true, fields)
      }
    }
    try RunRecords.completeFailed(identity, problem, spool: spoolOptions.path)
  }

  private static func readLines() throws -> [String] {
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    var count = 0
    while count < bytesMax {
      let more = bytes.withUnsafeMutableBytes {
        read(STDIN_FILENO, $0.baseAddress.map { $0 + count }, bytesMax - count)
      }
      if more < 0, errno == EINTR { continue }
      guard more >= 0 else { throw Failure.system("read stdin", errno: errno) }
      if more == 0 { break }
      count += more
    }
    return String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }
}

extension EventLog {
  /// The log of a command that belongs to the run of `pipeline.sh`, and is no stage of it.
  public static func ofRun(stage: String, spool: String) -> EventLog {
    LogShipping.begin(spool: spool)
    return EventLog(stage: stage, runID: (RunIdentity.inherited(command: stage) ?? RunIdentity(command: stage)).runID)
  }
}
