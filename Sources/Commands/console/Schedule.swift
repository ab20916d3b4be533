import ArgumentParser
import CommandKit
import ConsoleStore
import ConsoleWeb
import Schedules
import StructuredLogging
import Support

/// The schedules from the command line.
struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Set, list and remove schedules. The console carries them out while it runs.",
    subcommands: [Daily.self, DryRunPerMinute.self, List.self, Remove.self])

  struct Daily: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "daily",
      abstract: "A full run at 02:00 in Taipei each day. Given again, it makes the schedule so once more.")
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try Standard.set(
        ScheduleDraft(name: "daily", kind: .run, timing: "0 2 * * *", retries: 2, retryMinutes: 10), database)
    }
  }

  struct DryRunPerMinute: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dry-run-per-minute",
      abstract: "A dry run every minute, five times: to see that schedules work. Given again, it begins anew.")
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try Standard.set(
        ScheduleDraft(name: "dry-run-per-minute", kind: .dryRun, timing: "every 1 minutes", repeats: 5), database)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the schedules.")
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      let schedules = try database.withStore { try ScheduleStore.list(on: &$0) }
      if schedules.isEmpty { print("no schedule yet") }
      for schedule in schedules { print(Standard.line(schedule)) }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a schedule.")
    @Argument var name: String
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try database.withStore { connection in
        guard let schedule = try ScheduleStore.find(name: name, on: &connection),
          try ScheduleStore.remove(schedule.id, on: &connection)
        else {
          throw Failure(.usage, "there is no schedule '\(name)'", hint: "\(PipelineCommand.script) schedule list")
        }
        try Audit.add("schedule.remove", subject: name, by: nil, from: nil, on: &connection)
      }
      print("schedule '\(Terminal.safe(name))' removed")
    }
  }

  enum Standard {
    static func set(_ draft: ScheduleDraft, _ database: DatabaseOptions) throws {
      let schedule = try database.withStore { connection in
        if let old = try ScheduleStore.find(name: draft.name, on: &connection) {
          // Somebody may have paused or changed it.
          print("replaced:\t\(line(old))")
          _ = try ScheduleStore.change(old.id, draft, on: &connection)
          _ = try ScheduleStore.setPaused(old.id, false, on: &connection)
        } else {
          try ScheduleStore.create(draft, by: nil, on: &connection)
        }
        try Audit.add(
          "schedule.set", subject: draft.name, by: nil, from: nil, detail: ["timing": draft.timing], on: &connection)
        return try ScheduleStore.find(name: draft.name, on: &connection)
      }
      if let schedule { print(line(schedule)) }
      print("the console carries it out while it runs: \(PipelineCommand.script) console")
    }

    static func line(_ schedule: Schedule) -> String {
      let draft = schedule.draft
      let state =
        schedule.isPaused
        ? "paused" : schedule.isOver ? "over" : "next \(schedule.nextAt.map(TaipeiClock.text) ?? "never")"
      let repeats = draft.repeats < 0 ? "for ever" : "\(draft.repeats) times more"
      return
        "\(Terminal.safe(draft.name))\t\(draft.kind.rawValue)\t\(draft.timing) (\(draft.timeZone))\t\(repeats)\t\(state)"
    }
  }
}

/// For holding the cron semantics against another implementation's.
struct TimetableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timetable", abstract: "Answer lines of zone, seconds, count and expression with times.",
    shouldDisplay: false)

  func run() { while let line = readLine() { print(TimetableLines.answer(line)) } }
}

enum TaipeiClock {
  /// Such as `2026-11-26 02:00:00 Taipei`.
  static func text(_ seconds: Int64) -> String { TaipeiTime.text(seconds) + " Taipei" }
}
