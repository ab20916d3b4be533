import ArgumentParser
import CommandKit
import ConsoleStore
import ConsoleWeb
import Schedules
import StructuredLogging
import Support

/// Sets, lists and removes schedules from the command line.
struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule",
    abstract: "Set, list and remove schedules. The console starts their runs while it is running.",
    subcommands: [Daily.self, DryRunPerMinute.self, List.self, Remove.self])

  struct Daily: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "daily",
      abstract:
        "Create the schedule 'daily': a full run at 02:00 Taipei time each day. If it exists, it gets these settings again."
    )
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try Standard.set(
        ScheduleDraft(name: "daily", kind: .run, timing: "0 2 * * *", retries: 2, retryMinutes: 10), database)
    }
  }

  struct DryRunPerMinute: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dry-run-per-minute",
      abstract:
        "Create the schedule 'dry-run-per-minute': five dry runs, one per minute, to test schedules. If it exists, it starts over."
    )
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
          // The old schedule is printed, since an operator may have paused or changed it.
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
      print("runs start only while the console is running: \(PipelineCommand.script) console")
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

/// The hidden command with which tests compare the cron semantics with another implementation.
struct TimetableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timetable", abstract: "Read lines of zone, seconds, count and expression, and print the next times.",
    shouldDisplay: false)

  func run() { while let line = readLine() { print(TimetableLines.answer(line)) } }
}

enum TaipeiClock {
  /// Formats a time, such as `2026-11-26 02:00:00 Taipei`.
  ///
  /// - Parameter seconds: since 1970.
  static func text(_ seconds: Int64) -> String { TaipeiTime.text(seconds) + " Taipei" }
}
