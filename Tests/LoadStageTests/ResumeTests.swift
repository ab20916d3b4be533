import LoadStage
import Postgres
import Spool
import Support
import Synchronization
import TestCluster
import Testing

@Suite("An interrupted load", .needsServer)
struct ResumeTests {
  private struct Crash: Error {}

  private static let lost = PostgresError(.temporary, message: "the connection is gone", place: "the test")

  /// Runs `body` with an empty registry, then with one that has rows.
  private func bothWays(_ body: (LoadHarness, _ before: [Business]) throws -> Void) throws {
    for before in [[], businesses(3)] {
      try LoadHarness.with { harness in
        if !before.isEmpty { try harness.load(before) }
        try body(harness, before)
      }
    }
  }

  @Test("interrupted at any batch, the next run resumes after the loaded batches", arguments: [1, 2, 3, 4])
  func goesOn(_ batch: Int) throws {
    for point in [LoadPoint.batchStaged(batch), .batchCommitted(batch)] {
      try bothWays { harness, before in
        let rows = businesses(35)
        let snapshot = try harness.spool.snapshot(
          rows, .init(findings: [1: [finding(1)], 3: [finding(2), finding(3)]]))
        let failure = try harness.failure(snapshot) {
          $0.jobs = 1
          $0.atPoints { if $0 == point { throw Crash() } }
        }
        #expect(failure.category == .bug)
        #expect(try harness.registry() == LoadHarness.expected(before))
        let outcome = try harness.load(snapshot)
        #expect(outcome.batchesResumed == (point == .batchStaged(batch) ? batch - 1 : batch))
        try harness.expect(rows)
        // The resuming job run has all findings, once.
        #expect(
          try harness.database.rows(
            "SELECT batch_number, count(*) FROM data_import_error WHERE job_run_id = \(outcome.jobRunID ?? 0) GROUP BY 1 ORDER BY 1"
          )
            == ["1|1", "3|2"])
      }
    }
  }

  @Test("after a lost connection at any point, the load continues in the same job run")
  func retries() throws {
    for point in [
      LoadPoint.jobOpened, .batchStaged(2), .batchCommitted(2), .publishing, .published,
    ] {
      try bothWays { harness, before in
        let rows = businesses(35)
        let snapshot = try harness.spool.snapshot(rows, .init(findings: [2: [finding(1)]]))
        let once = Once()
        let outcome = try harness.load(snapshot) {
          $0.atPoints { if $0 == point { try once.run { throw Self.lost } } }
        }
        #expect(harness.log.retries == 1)
        try harness.expect(rows)
        #expect(try harness.jobs() == (before.isEmpty ? [] : ["success|-"]) + ["success|-"])
        #expect(try harness.database.scalar("SELECT count(*) FROM data_import_error") == "1")
        #expect(outcome.changes.inserted == rows.count - before.count)
        #expect(outcome.before.registrations == before.count)
        #expect(
          try harness.database.rows("SELECT count(*), max(registrations) FROM publication")
            == [before.isEmpty ? "1|35" : "2|35"])
      }
    }
  }

  @Test("a connection that is lost before the first statement is replaced too")
  func retriesTheFirstStatement() throws {
    try LoadHarness.with { harness in
      let once = Once()
      try harness.load(try harness.spool.snapshot(businesses(15))) {
        $0.stop = { try once.run { throw Self.lost } }
      }
      #expect(harness.log.retries == 1)
      try harness.expect(businesses(15))
    }
  }

  @Test("after four attempts: 75, and the job run records the reason")
  func retriesAreUsedUp() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(15))
      let pauses = Mutex<[Double]>([])
      let failure = try harness.failure(snapshot) {
        $0.atPoints { if $0 == .publishing { throw Self.lost } }
        $0.pause = { seconds in pauses.withLock { $0.append(seconds) } }
      }
      #expect(failure.category == .temporary)
      #expect(failure.hints.first?.description.contains("skips the batches that are already loaded") == true)
      #expect(pauses.withLock { $0 } == [1, 2, 4])
      #expect(try harness.jobs() == ["failed|\(failure.message)"])
      #expect(try harness.load(snapshot).batchesResumed == 2)
    }
  }

  @Test("a session that is killed in the middle of COPY is replaced", .needsOwnServer)
  func killedInCopy() throws {
    for before in [[], businesses(3)] {
      try LoadHarness.with { harness in
        if !before.isEmpty { try harness.load(before) }
        let rows = businesses(35)
        // By process ID, because a slow backend is terminated twice.
        let killed = Mutex<Set<String>>([])
        let outcome = try harness.load(try harness.spool.snapshot(rows)) { [database = harness.database] settings in
          settings.jobs = 1
          settings.applicationName = database.name
          settings.stop = {
            guard killed.withLock({ $0.count }) < 3 else { return }
            let processes = try database.rows(
              """
              SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = '\(database.name)' AND state = 'active' AND query LIKE 'COPY % FROM STDIN'
              """)
            killed.withLock { $0.formUnion(processes) }
          }
        }
        let count = killed.withLock { $0.count }
        #expect(count == 3)
        #expect(harness.log.retries == 3)
        #expect(outcome.after.registrations == 35)
        try harness.expect(rows)
      }
    }
  }

  @Test("rows staged for another snapshot, or against another registry state, are discarded")
  func discards() throws {
    try bothWays { harness, before in
      let first = try harness.spool.snapshot(businesses(35))
      _ = try harness.failure(first) { $0.atPoints { if $0 == .publishing { throw Crash() } } }
      let rows = businesses(20, from: 10_000_005)
      let outcome = try harness.load(try harness.spool.snapshot(rows))
      #expect(outcome.batchesResumed == 0)
      try harness.expect(rows)
      // The interrupted snapshot is compared again from the start.
      #expect(try harness.load(first).batchesResumed == 0)
      try harness.expect(businesses(35))
    }
  }

  @Test("a session that another run has fenced off commits nothing more")
  func fenced() throws {
    try bothWays { harness, before in
      let snapshot = try harness.spool.snapshot(businesses(15))
      let other = Once()
      let failure = try harness.failure(snapshot) { [database = harness.database] settings in
        settings.jobs = 1
        settings.atPoints { point in
          if point == .batchCommitted(1) {
            try other.run { try database.execute("UPDATE current_load SET fence = fence + 1") }
          }
        }
      }
      #expect(failure.category == .temporary)
      #expect(failure.message.contains("another run has continued this load"))
      #expect(try harness.registry() == LoadHarness.expected(before))
      #expect(try harness.database.scalar("SELECT count(*) FROM load_batch") == "1")
    }
  }

  @Test("a publication by another run is noticed, and the comparison starts over")
  func publishedMeanwhile() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      let rows = businesses(25)
      let once = Once()
      try harness.load(try harness.spool.snapshot(rows)) { [database = harness.database] settings in
        settings.atPoints { point in
          guard point == .batchCommitted(3) else { return }
          try once.run {
            try database.execute(
              """
              DELETE FROM tax_registration WHERE ban = '10000001';
              INSERT INTO etl_job_run (status) VALUES ('success');
              INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, whole,
                registrations, industries, inserted, updated, removed)
              SELECT max(id), 'x', 'x', 'x', 1, 'reconcile', true, 4, 8, 0, 0, 1 FROM etl_job_run
              """)
          }
        }
      }
      #expect(harness.log.retries == 1)
      try harness.expect(rows)
    }
  }

  @Test("rows inserted into the empty registry during the load are noticed")
  func filledMeanwhile() throws {
    try LoadHarness.with { harness in
      let rows = businesses(25)
      let once = Once()
      let outcome = try harness.load(try harness.spool.snapshot(rows)) { [database = harness.database] settings in
        settings.atPoints { point in
          guard point == .batchCommitted(3) else { return }
          try once.run {
            try database.execute(
              "INSERT INTO tax_registration (ban, business_name, content_hash) VALUES ('10000001', 'by hand', 0), ('99999999', 'x', 0)"
            )
          }
        }
      }
      #expect(outcome.kind == .incremental)
      #expect(outcome.changes.removed == 1)
      try harness.expect(rows)
    }
  }

  private func finding(_ record: Int) -> String {
    #"{"record":\#(record),"line":3,"byte_offset":9,"code":"X","severity":"error","column":null,"message":"m","raw":"r"}"#
  }
}
