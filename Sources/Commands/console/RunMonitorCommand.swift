import ArgumentParser
import ConsoleRunner

/// The hidden command with which the worker starts a run.
struct RunMonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attend", abstract: "Start a task's run once, and record how it ends.", shouldDisplay: false)
  @Argument var folder: String
  @Option var limitSeconds: Int
  @Option var graceSeconds: Int
  @Argument(parsing: .postTerminator) var command: [String] = []

  func run() throws {
    try RunMonitor(folder: folder, limitSeconds: limitSeconds, graceSeconds: graceSeconds).run(command)
  }
}
