import ConsoleStore
import Postgres
import Schedules
import Support
import TestCluster
import Testing

@Suite("Schedules", .enabled(if: TestCluster.isOwn, "needs its own PostgreSQL server"))
struct ScheduleTests {
  private static let everyMinute = ScheduleDraft(name: "m", kind: .dryRun, timing: "every 1 minutes", repeats: 5)

  private func make(_ draft: ScheduleDraft, _ connection: inout Connection) throws -> Schedule {
    let id = try ScheduleStore.create(draft, by: "ann", on: &connection)
    return try #require(try ScheduleStore.find(id, on: &connection))
  }

  /// Returns the due times of all tasks in Unix seconds, oldest task first.
  private func dueTimes(_ connection: inout Connection) throws -> [Int64] {
    try connection.execute("SELECT extract(epoch FROM due_at)::bigint FROM console.task ORDER BY id").values
      .compactMap { $0[0].flatMap { Int64($0) } }
  }

  private func finishAll(_ connection: inout Connection) throws {
    try connection.execute("UPDATE console.task SET state = 'succeeded' WHERE state IN ('queued', 'running')")
  }

  @Test("a due time that a wrong clock set far ahead is corrected, and no time gets two tasks")
  func wrongClock() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      let due = try #require(schedule.nextAt)
      // The clock is a month ahead for a short time.
      try ScheduleStore.enqueueDue(now: due + 30 * 86_400, on: &connection)
      let ahead = try #require(try ScheduleStore.find(schedule.id, on: &connection)?.nextAt)
      #expect(ahead > due + 29 * 86_400)
      try finishAll(&connection)
      try ScheduleStore.enqueueDue(now: due - 1, on: &connection)
      let back = try ScheduleStore.find(schedule.id, on: &connection)?.nextAt
      #expect(back == due)
      try ScheduleStore.enqueueDue(now: due, on: &connection)
      // The clock is a second back, but this due time already has its task.
      try ScheduleStore.enqueueDue(now: due - 1, on: &connection)
      let next = try ScheduleStore.find(schedule.id, on: &connection)?.nextAt
      #expect(next == due + 60)
    }
  }

  @Test("a due time gets one task, even with concurrent and repeated calls")
  func once() throws {
    try ConsoleStoreHarness.with { database, connection in
      let schedule = try make(Self.everyMinute, &connection)
      let due = try #require(schedule.nextAt)
      #expect(due == schedule.anchor + 60)
      try ScheduleStore.enqueueDue(now: due - 1, on: &connection)
      let found1 = try dueTimes(&connection)
      #expect(found1 == [])
      try Workers.run(6) { (_: Int) throws(any Error) in
        var connection = try database.open()
        for _ in 0..<10 { try ScheduleStore.enqueueDue(now: due, on: &connection) }
      }
      let found2 = try dueTimes(&connection)
      #expect(found2 == [due])
      let after = try ScheduleStore.find(schedule.id, on: &connection)
      #expect(after?.nextAt == due + 60)
      #expect(after?.draft.repeats == 4)
      #expect(after?.missed == 0)
    }
  }

  @Test("a schedule creates exactly as many tasks as its repeats")
  func repeats() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      for minute in 0..<10 {
        try ScheduleStore.enqueueDue(now: schedule.anchor + Int64(minute) * 60 + 1, on: &connection)
        try finishAll(&connection)
      }
      let found3 = try dueTimes(&connection)
      #expect(found3 == (1...5).map { schedule.anchor + $0 * 60 })
      let after = try #require(try ScheduleStore.find(schedule.id, on: &connection))
      #expect(after.isOver)
      #expect(after.nextAt == nil)
    }
  }

  @Test("missed times are not made up: after an hour without a worker only a time of the last minute gets a task")
  func missed() throws {
    try ConsoleStoreHarness.with { _, connection in
      var draft = Self.everyMinute
      draft.repeats = -1
      let schedule = try make(draft, &connection)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 3600 + 30, on: &connection)
      let found4 = try dueTimes(&connection)
      #expect(found4 == [schedule.anchor + 3600])
      let after = try #require(try ScheduleStore.find(schedule.id, on: &connection))
      #expect(after.missed == 59)
      #expect(after.missedAt == schedule.anchor + 3540)
      #expect(after.nextAt == schedule.anchor + 3660)

      let daily = try make(ScheduleDraft(name: "d", kind: .run, timing: "0 2 * * *"), &connection)
      let due = try #require(daily.nextAt)
      #expect((due + 8 * 3600) % 86_400 == 2 * 3600, "02:00 in Taipei")
      try ScheduleStore.enqueueDue(now: due + 61, on: &connection)
      let late = try #require(try ScheduleStore.find(daily.id, on: &connection))
      #expect(late.missed == 1)
      #expect(late.missedAt == due)
      #expect(late.nextAt == due + 86_400)
      #expect(try connection.execute("SELECT count(*) FROM console.task WHERE kind = 'run'").number == 0)
    }
  }

  @Test("the last of very many missed times is known")
  func manyMissed() throws {
    try ConsoleStoreHarness.with { _, connection in
      var draft = Self.everyMinute
      draft.repeats = -1
      let schedule = try make(draft, &connection)
      let now = schedule.anchor + 30 * 86_400 + 30
      try ScheduleStore.enqueueDue(now: now, on: &connection)
      let after = try #require(try ScheduleStore.find(schedule.id, on: &connection))
      #expect(after.missed == 999)
      #expect(after.missedAt == now - 90)
    }
  }

  @Test("a due time is skipped while the schedule's previous task is queued")
  func waiting() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 60, on: &connection)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 120, on: &connection)
      let found5 = try dueTimes(&connection)
      #expect(found5.count == 1)
      let found6 = try ScheduleStore.find(schedule.id, on: &connection)
      #expect(found6?.missed == 1)
      #expect(found6?.missedAt == schedule.anchor + 120)
      let found7 = try ScheduleStore.find(schedule.id, on: &connection)
      #expect(found7?.draft.repeats == 4)
      _ = try Tasks.claim(host: "h", on: &connection)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 180, on: &connection)
      let found8 = try dueTimes(&connection)
      #expect(found8.count == 2, "a running task is no longer queued")
    }
  }

  @Test("a paused schedule creates no tasks and continues with its next time")
  func pausing() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      let found9 = try ScheduleStore.setPaused(schedule.id, true, on: &connection)
      #expect(found9)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 600, on: &connection)
      let found10 = try dueTimes(&connection)
      #expect(found10 == [])
      let found11 = try ScheduleStore.setPaused(schedule.id, false, on: &connection)
      #expect(found11)
      let after = try #require(try ScheduleStore.find(schedule.id, on: &connection))
      #expect(after.missed == 0)
      #expect(after.nextAt.map { ($0 - schedule.anchor) % 60 } == 0)
      let found12 = try ScheduleStore.setPaused(schedule.id + 1, true, on: &connection)
      #expect(found12 == false)
    }
  }

  @Test("changing the timing changes the next time, and changing anything else does not")
  func changing() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      var draft = schedule.draft
      draft.name = "other"
      draft.kind = .run
      let found13 = try ScheduleStore.change(schedule.id, draft, on: &connection)
      #expect(found13)
      let renamed = try #require(try ScheduleStore.find(schedule.id, on: &connection))
      #expect(renamed.nextAt == schedule.nextAt)
      #expect(renamed.draft == draft)
      draft.timing = "30 4 1 1 *"
      let found14 = try ScheduleStore.change(schedule.id, draft, on: &connection)
      #expect(found14)
      let moved = try #require(try ScheduleStore.find(schedule.id, on: &connection)?.nextAt)
      #expect((moved + 8 * 3600) % 86_400 == 4 * 3600 + 30 * 60)
      #expect(throws: ConsoleStoreError.scheduleChanged, "another user changed it in the meantime") {
        try ScheduleStore.change(schedule.id, draft, from: schedule.draft.version, on: &connection)
      }
      let found15 = try ScheduleStore.change(schedule.id, draft, from: draft.version, on: &connection)
      #expect(found15)
      _ = try make(Self.everyMinute, &connection)
      draft.name = "m"
      #expect(throws: ConsoleStoreError.scheduleExists("m")) {
        try ScheduleStore.change(schedule.id, draft, on: &connection)
      }
      #expect(throws: ConsoleStoreError.scheduleExists("m")) {
        try ScheduleStore.create(draft, by: nil, on: &connection)
      }
    }
  }

  @Test("removing a schedule stops its queued task and not its running task")
  func removing() throws {
    try ConsoleStoreHarness.with { _, connection in
      let schedule = try make(Self.everyMinute, &connection)
      try ScheduleStore.enqueueDue(now: schedule.anchor + 60, on: &connection)
      let running = try #require(try Tasks.claim(host: "h", on: &connection))
      try ScheduleStore.enqueueDue(now: schedule.anchor + 120, on: &connection)
      let found15 = try ScheduleStore.remove(schedule.id, on: &connection)
      #expect(found15)
      let found16 = try ScheduleStore.remove(schedule.id, on: &connection)
      #expect(found16 == false)
      let found17 = try Tasks.list(limit: 10, on: &connection)
      #expect(found17.map(\.state) == [.stopped, .running])
      let found18 = try Tasks.find(running.id, on: &connection)
      #expect(found18?.schedule == nil)
    }
  }

  @Test("an unreadable schedule gets no next time and does not delay the others")
  func unreadable() throws {
    try ConsoleStoreHarness.with { _, connection in
      let broken = try make(ScheduleDraft(name: "a", kind: .run, timing: "every 1 minutes"), &connection)
      let sound = try make(Self.everyMinute, &connection)
      try connection.execute(
        "UPDATE console.schedule SET time_zone = 'Asia/Nowhere' WHERE id = $1", [String(broken.id)])
      let faulty = try ScheduleStore.enqueueDue(now: sound.anchor + 61, on: &connection)
      #expect(faulty.map(\.name) == ["a"])
      let due = try dueTimes(&connection)
      #expect(due == [sound.anchor + 60])
      let again = try ScheduleStore.enqueueDue(now: sound.anchor + 62, on: &connection)
      #expect(again.isEmpty, "the fault is reported once")
    }
  }

  @Test("an invalid draft is rejected with its fault")
  func drafts() {
    func fault(_ change: (inout ScheduleDraft) -> Void) -> ScheduleDraft.Fault? {
      var draft = Self.everyMinute
      change(&draft)
      do {
        _ = try draft.check(now: 1_800_000_000)
        return nil
      } catch { return error }
    }
    #expect(fault { _ in } == nil)
    #expect(fault { $0.name = "" } == .name)
    #expect(fault { $0.kind = .rollback } == .kind)
    #expect(fault { $0.repeats = 0 } == .repeats)
    #expect(fault { $0.limitMinutes = 0 } == .limit)
    #expect(fault { $0.retries = 11 } == .retries)
    #expect(fault { $0.timing = "0 0 30 2 *" } == .neverDue)
    let faulty = ScheduleDraft(
      name: "", kind: .fetch, timing: "61 * * * *", timeZone: "Taipei", repeats: 0, limitMinutes: 0, retries: 99)
    let faults = faulty.faults(now: 1_800_000_000)
    #expect(faults.count == 7, "all faults at once")
    #expect(faults.contains(.repeats) && faults.contains(.limit) && faults.contains(.retries))
    if case .timeZone = fault({ $0.timeZone = "CST" }) {} else { Issue.record("CST is ambiguous and must be rejected") }
    for timing in ["61 * * * *", "every 0 minutes", "every x minutes", "", "* * * *"] {
      if case .timing = fault({ $0.timing = timing }) {} else { Issue.record("'\(timing)' was accepted") }
    }
  }
}
