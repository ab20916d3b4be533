import ArgumentParser
import ConsoleRunner

/// What the worker starts a run with.
struct RunMonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attend", abstract: "Start a task's run once, and write down how it ends.", shouldDisplay: false)
  @Argument var folder: String
  @Option var limitSeconds: Int
  @Option var graceSeconds: Int
  @Argument(parsing: .postTerminator) var command: [String] = []

  func run() throws {
    try RunMonitor(folder: folder, limitSeconds: limitSeconds, graceSeconds: graceSeconds).run(command)
  }
}
