import LoadStage
import Postgres
import Spool
import Support
import Synchronization
import TestCluster
import Testing

@Suite("One run at a time", .needsServer)
struct OneRunTests {
  @Test("a second run ends with 75 at once")
  func lockHeld() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(15))
      let second = Mutex<Failure?>(nil)
      try harness.load(snapshot) { settings in
        var inner = harness.settings(snapshot)
        inner.limits.lockGraceSeconds = 0
        settings.atPoints { [inner] point in
          guard point == .publishing else { return }
          do { _ = try Load.run(inner) } catch { second.withLock { $0 = error as? Failure } }
        }
      }
      let failure = try #require(second.withLock { $0 })
      #expect(failure.category == .temporary)
      #expect(failure.message.contains("another run holds the lock: job run 1"))
      #expect(try harness.jobs() == ["success|-"])
    }
  }

  @Test("two schemas of one database can be loaded at the same time", .needsOwnServer)
  func perSchema() throws {
    try LoadHarness.with { harness in
      try harness.database.execute("CREATE SCHEMA \"other \(harness.database.name)\"")
      let snapshot = try harness.spool.snapshot(businesses(5))
      let url = harness.database.url(schema: "%22other%5C%20\(harness.database.name)%22")
      try harness.load(snapshot) { settings in
        var inner = harness.settings(snapshot)
        inner.databaseURL = url
        settings.atPoints { [inner] in if $0 == .publishing { _ = try Load.run(inner) } }
      }
      #expect(
        try harness.database.rows(
          "SELECT (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM \"other \(harness.database.name)\".tax_registration)"
        )
          == ["5|5"])
      try harness.database.execute("DROP SCHEMA \"other \(harness.database.name)\" CASCADE")
    }
  }

  @Test("a job run left as running is closed, and its run is named")
  func staleRow() throws {
    try LoadHarness.with { harness in
      let rows = businesses(15)
      try harness.load(rows)
      try harness.database.execute("INSERT INTO etl_job_run (run_id) VALUES ('killed run')")
      // Even if there is nothing to load.
      #expect(try harness.load(rows).result == .unchanged)
      let closed = harness.log.all.compactMap {
        if case .staleRunClosed(let job, let run, _) = $0 { "\(job) \(run ?? "-")" } else { nil }
      }
      #expect(closed == ["2 killed run"])
      #expect(
        try harness.database.rows(
          "SELECT status, completed_at IS NOT NULL, error_message <> '' FROM etl_job_run ORDER BY id")
          == ["success|t|-", "failed|t|t"])
    }
  }

  @Test("the heartbeat updates the job run while nothing else happens", .timeLimit(.minutes(1)))
  func heartbeat() throws {
    try LoadHarness.with { harness in
      let once = Once()
      try harness.load(try harness.spool.snapshot(businesses(15))) { [database = harness.database] settings in
        settings.limits.heartbeatSeconds = 0.01
        settings.atPoints { point in
          guard point == .batchCommitted(1) else { return }
          try once.run {
            let beat = "SELECT updated_at FROM etl_job_run"
            let first = try database.scalar(beat)
            while try database.scalar(beat) == first {}
          }
        }
      }
      #expect(try harness.jobs() == ["success|-"])
    }
  }

  @Test("a lock that is released within the grace period is acquired")
  func grace() throws {
    try LoadHarness.with { harness in
      let released = Join()
      try harness.makeTables()
      let held = Join()
      held.enter()
      released.enter()
      // On its own thread: the session ends with the thread, and the lock with the session.
      BlockingThread.start { [database = harness.database] in
        defer { released.leave() }
        do {
          let lock = try RunLock.acquire(database.url)
          held.leave()
          try database.execute("SELECT pg_sleep(0.2)")
          lock.release()
        } catch {
          Issue.record(error)
          held.leave()
        }
      }
      held.wait()
      try harness.load(try harness.spool.snapshot(businesses(15))) { $0.limits.lockGraceSeconds = 60 }
      released.wait()
    }
  }

  @Test("stopped by a signal: nothing is published, the job run is closed, the next run completes the load")
  func stopped() throws {
    for place in [LoadPoint.jobOpened, .batchCommitted(2), .publishing] {
      try LoadHarness.with { harness in
        let rows = businesses(35)
        let snapshot = try harness.spool.snapshot(rows)
        let signal = Mutex(false)
        let failure = try harness.failure(snapshot) {
          $0.jobs = 1
          $0.stop = { if signal.withLock({ $0 }) { throw Failure(.stopped(signal: 15), "stopped by signal 15") } }
          $0.atPoints { if $0 == place { signal.withLock { $0 = true } } }
        }
        if place == .publishing {
          // The signal comes right before the COMMIT, which is not sent.
          #expect(failure.category == .stopped(signal: 15))
        }
        #expect(failure.category.exitCode == 143)
        #expect(try harness.registry() == [])
        #expect(try harness.jobs() == ["failed|stopped by signal 15"])
        try harness.load(snapshot)
        try harness.expect(rows)
      }
    }
  }

  @Test("a stop cancels the statement that the server is executing", .timeLimit(.minutes(1)))
  func stoppedWhileBusy() throws {
    try LoadHarness.with { harness in
      let rows = businesses(15)
      try harness.load(rows)
      var blocker = try harness.database.open()
      try blocker.execute("BEGIN; LOCK TABLE tax_registration IN ACCESS EXCLUSIVE MODE")
      let isWaiting = """
        SELECT EXISTS (SELECT FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND \(blocker.processID) = ANY (pg_blocking_pids(pid)))
        """
      // Stays true: the cancelled statement no longer waits.
      let isStopped = Mutex(false)
      let failure = try harness.failure(try harness.spool.snapshot(businesses(16))) {
        [database = harness.database] settings in
        settings.limits.lockTimeoutMilliseconds = 60_000
        settings.stop = {
          let isOver = try isStopped.withLock { isOver in
            if !isOver { isOver = try database.execute(isWaiting).truth }
            return isOver
          }
          if isOver { throw Failure(.stopped(signal: 2), "stopped by signal 2") }
        }
      }
      #expect(failure.category == .stopped(signal: 2))
      try blocker.execute("ROLLBACK")
      #expect(try harness.jobs().last == "failed|stopped by signal 2")
    }
  }
}
