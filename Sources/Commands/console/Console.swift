import ArgumentParser
import CommandKit
import ConsoleRunner
import FaultInjection
import Glibc
import Logging
import StructuredLogging
import Support

@main
struct Console: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console", abstract: "Show the registry and its runs in a browser, and schedule runs.",
    version: productVersion,
    subcommands: [
      ServeCommand.self, PrepareCommand.self, UserCommand.self, ScheduleCommand.self, RunMonitorCommand.self,
      TimetableCommand.self,
    ],
    defaultSubcommand: ServeCommand.self)

  /// The command of `pipeline.sh` that started this executable.
  private static var asked: String { CommandLine.arguments.dropFirst().first == "schedule" ? "schedule" : "console" }

  static func main() async {
    StandardFiles.open()
    signal(SIGPIPE, SIG_IGN)
    // The console does not log to LOG_FILE: alarms count errors there as the pipeline's. Runs that it starts still do.
    Logs.useStandardErrorAlone()
    var failure: Failure
    do {
      do throws(FaultRequestError) { try Faults.begin(FaultPoint.console) } catch {
        throw Failure(.usage, "\(error)", hint: "REGISTRY_FAULT=list prints this program's points")
      }
      var command = try parseAsRoot()
      if let (message, hint) = LogSettings.problem() { throw Failure(.usage, message, hint: Hint(hint)) }
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      try StandardOutput.requireWritten()
      ProcessEnd.exit(0)
    } catch let error as Failure {
      failure = error
    } catch let code as ExitCode {
      ProcessEnd.exit(code.rawValue)
    } catch {
      let code = exitCode(for: error)
      if code == .success {
        print(fullMessage(for: error))
        ProcessEnd.exit(0)
      }
      failure =
        code == .validationFailure
        ? Failure(.usage, message(for: error), hint: "see '\(PipelineCommand.script) \(asked) --help'") : Failure(error)
    }
    failure = failure.withoutSecrets()
    Logs.logger("console").error(
      "\(failure.message)",
      metadata: ["error": "\(failure.message)", "hints": .array(failure.hints.map { .string($0.description) })])
    ProcessEnd.exit(failure.category.exitCode)
  }
}
