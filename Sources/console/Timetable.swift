import ArgumentParser
import Schedules

/// For holding the cron semantics against another implementation's.
struct TimetableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timetable", abstract: "Answer lines of zone, seconds, count and expression with times.",
    shouldDisplay: false)

  func run() { while let line = readLine() { print(TimetableLines.answer(line)) } }
}
