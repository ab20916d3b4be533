import ConsoleStore
import Postgres
import Support
import Synchronization
import TestCluster
import Testing

@Suite("The task queue", .enabled(if: TestCluster.isOwn, "needs its own PostgreSQL server"))
struct TaskTests {
  @Test("concurrent workers claim each task once, oldest first")
  func taking() throws {
    try ConsoleStoreHarness.with { database, connection in
      let added = try (0..<60).map { _ in try Tasks.add(.dryRun, by: "ann", on: &connection) }
      let taken = Mutex<[[Int]]>([])
      try Workers.run(6) { (_: Int) throws(any Error) in
        var connection = try database.open()
        var mine: [Int] = []
        while let task = try Tasks.claim(host: "h", on: &connection) { mine.append(task.id) }
        taken.withLock { $0.append(mine) }
      }
      let all = taken.withLock { $0 }
      #expect(all.flatMap { $0 }.sorted() == added)
      #expect(all.allSatisfy { $0 == $0.sorted() })
    }
  }

  @Test("arguments are stored unchanged")
  func arguments() throws {
    try ConsoleStoreHarness.with { _, connection in
      let hostile = ["--accept=a \"b\" \\ {c}, d' ; $(e)\n第", "", "NULL"]
      let id = try Tasks.add(.load, hostile, by: "ann", on: &connection)
      let found1 = try Tasks.find(id, on: &connection)
      #expect(found1?.arguments == hostile)
    }
  }

  @Test("a queued task is stopped at once, and a running task is asked to stop")
  func stopping() throws {
    try ConsoleStoreHarness.with { _, connection in
      let queued = try Tasks.add(.run, by: "ann", on: &connection)
      try Tasks.stop(queued, by: "bob", on: &connection)
      let found2 = try Tasks.find(queued, on: &connection)
      #expect(found2?.state == .stopped)
      let found3 = try Tasks.claim(host: "h", on: &connection)
      #expect(found3 == nil)
      let running = try Tasks.add(.run, by: "ann", on: &connection)
      let found4 = try Tasks.claim(host: "h", on: &connection)
      #expect(found4?.id == running)
      for account in ["bob", "ann"] { try Tasks.stop(running, by: account, on: &connection) }
      let task = try Tasks.find(running, on: &connection)
      #expect(task?.state == .running)
      #expect(task?.stopAskedBy == "bob")
      try Tasks.end(running, .init(.stopped, exitCode: 143, reason: .stopped), on: &connection)
      #expect(throws: ConsoleStoreError.notQueued) { try Tasks.stop(running, by: "bob", on: &connection) }
    }
  }

  @Test("the result of a task is written once, and later results are ignored")
  func ending() throws {
    try ConsoleStoreHarness.with { _, connection in
      let id = try Tasks.add(.run, by: nil, on: &connection)
      _ = try Tasks.claim(host: "h", on: &connection)
      try Tasks.save(id, runID: "r", log: "one\n", on: &connection)
      try Tasks.end(
        id, .init(.succeeded, exitCode: 0, summary: #"{"status":"success"}"#, log: "one\ntwo\n"), on: &connection)
      try Tasks.end(id, .init(.failed, exitCode: 65), on: &connection)
      try Tasks.save(id, runID: nil, log: "three", on: &connection)
      let task = try #require(try Tasks.find(id, on: &connection))
      #expect(task.state == .succeeded)
      #expect(task.runID == "r")
      let output = try Tasks.output(id, on: &connection)
      #expect(output.log == "one\ntwo\n")
      #expect(output.summary == #"{"status": "success"}"#)
    }
  }

  @Test(
    "a scheduled run with a retryable error is queued again, up to the retries of its schedule",
    arguments: [
      (75, nil, 3), (65, nil, 1), (nil, ConsoleTask.Reason.cutShort, 3), (143, ConsoleTask.Reason.timeLimit, 1),
    ]
      as [(Int?, ConsoleTask.Reason?, Int)])
  func retries(exitCode: Int?, reason: ConsoleTask.Reason?, attempts: Int) throws {
    try ConsoleStoreHarness.with { _, connection in
      let draft = ScheduleDraft(name: "s", kind: .run, timing: "every 1 minutes", retries: 2, retryMinutes: 5)
      let schedule = try ScheduleStore.create(draft, by: nil, on: &connection)
      let due = try #require(try ScheduleStore.find(schedule, on: &connection)?.nextAt)
      try ScheduleStore.enqueueDue(now: due, on: &connection)
      var seen: [Int] = []
      while let task = try Tasks.claim(host: "h", on: &connection) {
        seen.append(task.attempt)
        try Tasks.end(task.id, .init(.failed, exitCode: exitCode, reason: reason), on: &connection)
        let wait = try connection.execute(
          "SELECT extract(epoch FROM not_before - now())::int FROM console.task WHERE state = 'queued'"
        ).number
        #expect(wait == (seen.count < attempts ? 300 : nil))
        try connection.execute("UPDATE console.task SET not_before = now() WHERE state = 'queued'")
      }
      #expect(seen == Array(1...attempts))
    }
  }

  @Test("the newest finished tasks are kept, and no queued or running task is removed")
  func forgetting() throws {
    try ConsoleStoreHarness.with { _, connection in
      let running = try Tasks.add(.run, by: nil, on: &connection)
      _ = try Tasks.claim(host: "h", on: &connection)
      for _ in 0..<10 { try Tasks.stop(try Tasks.add(.run, by: nil, on: &connection), by: nil, on: &connection) }
      try Tasks.forgetOld(keeping: 3, on: &connection)
      let left = try Tasks.list(limit: 100, on: &connection).map(\.id)
      #expect(left.count == 4)
      #expect(left.last == running)
      #expect(left.dropLast() == [running + 10, running + 9, running + 8])
    }
  }
}
