import ConsoleQueries
import Postgres
import SeededRandom
import Testing

@Suite("Runs of load", .needsRunDatabase)
struct RunTests {
  @Test("pages return every run once, newest first, with its counts")
  func pages() throws {
    var random = SeededRandom()
    try RunHarness.with { harness, connection in
      var written: [Int: [Int]] = [:]
      for minute in 0..<(20 + random.below(20)) {
        let counts = (0..<5).map { _ in random.below(1000) }
        written[try harness.run(&connection, minute: minute, counts: counts)] = counts
      }
      let limit = 1 + random.below(9)
      var seen: [JobRunSummary] = []
      var before: Int?
      repeat {
        let page = try JobRuns.page(&connection, before: before, limit: limit)
        #expect(page.runs.count <= limit && !page.runs.isEmpty, "seed \(random.seed)")
        seen += page.runs
        before = page.next
      } while before != nil
      #expect(seen.map(\.id) == written.keys.sorted(by: >), "seed \(random.seed)")
      for run in seen {
        let counts = try #require(written[run.id])
        let read = [
          run.counts.total, run.counts.processed, run.counts.failed, run.counts.duplicated, run.counts.blank,
        ]
        #expect(read == counts, "seed \(random.seed)")
        #expect(run.counts.reconcile == (counts[0] == counts.dropFirst().reduce(0, +)), "seed \(random.seed)")
      }
    }
  }

  @Test("a run has its times, speed and publication")
  func oneRun() throws {
    try RunHarness.with { harness, connection in
      let id = try harness.run(
        &connection, status: "partial", minute: 65, seconds: 4, counts: [1000, 990, 4, 5, 1], runID: "r-1",
        sourceDate: "2026-09-01")
      try harness.publication(
        &connection, run: id, snapshot: "S1", registrations: 990, counts: [7, 8, 9],
        changes: #"{"kinds": {"added": 6, "reappeared": 1}, "columns": {"business_name": 8}, "reasons": {"absent": 9}}"#
      )
      try connection.execute(
        "UPDATE publication SET refusals = '{a,\"b, c\"}', accepted_by = 'ada', accept_reason = '好'")
      let run = try #require(try JobRuns.run(&connection, id: id))
      #expect(run.status == .partial && run.runID == "r-1" && run.sourceDate == "2026-09-01")
      #expect(run.startedAt == "2026-08-31 17:05:00+00")
      #expect(run.completedAt == "2026-08-31 17:05:04+00")
      #expect(run.seconds == 4 && run.recordsPerSecond == 250)
      #expect(run.counts.reconcile && !run.isSilent)
      let publication = try #require(run.publication)
      #expect([publication.inserted, publication.updated, publication.removed] == [7, 8, 9])
      #expect(publication.registrations == 990 && publication.asOfDate == "2026-09-01")
      #expect(publication.publishedAt == "2026-09-01 16:30:00+00")
      #expect(publication.changes.kinds == ["added": 6, "reappeared": 1])
      #expect(publication.changes.columns == ["business_name": 8])
      #expect(publication.changes.reasons == ["absent": 9])
      #expect(publication.refusals == ["a", "b, c"])
      #expect(publication.acceptedBy == "ada" && publication.acceptReason == "好")
      let published = try JobRuns.published(&connection)
      #expect(published?.id == id)
      let ofRun = try JobRuns.runs(&connection, runID: "r-1")
      #expect(ofRun.map(\.id) == [id])
      let none = try JobRuns.run(&connection, id: id + 1)
      #expect(none == nil)
    }
  }

  @Test("a publication of an earlier version has no kinds, and an empty registry has no publication")
  func little() throws {
    try RunHarness.with { harness, connection in
      let before = try JobRuns.published(&connection)
      #expect(before == nil)
      let id = try harness.run(&connection)
      try harness.publication(&connection, run: id, snapshot: "S1", counts: [1, 2, 3])
      let publication = try #require(try JobRuns.run(&connection, id: id)?.publication)
      #expect(publication.changes.kinds.isEmpty && publication.inserted == 1)
    }
  }

  @Test("a running run without updates is silent, and an ended run is not")
  func silence() throws {
    try RunHarness.with { harness, connection in
      let dead = try harness.run(&connection, status: "running", seconds: nil)
      let ended = try harness.run(&connection, status: "failed", seconds: 3)
      let alive = try harness.run(&connection, status: "running", seconds: nil)
      try connection.execute("UPDATE etl_job_run SET updated_at = now() WHERE id = $1", ["\(alive)"])
      let runs = try JobRuns.page(&connection).runs
      #expect(runs.filter(\.isSilent).map(\.id) == [dead])
      #expect(runs.first { $0.id == dead }?.recordsPerSecond == nil)
      #expect(runs.first { $0.id == ended }?.completedAt != nil)
    }
  }

  @Test("progress has the batches of the current load only")
  func progress() throws {
    try RunHarness.with { harness, connection in
      let earlier = try harness.run(&connection, status: "failed")
      let id = try harness.run(&connection, status: "running", seconds: nil)
      for run in [earlier, id] {
        try connection.execute(
          "INSERT INTO import_progress (job_run_id, last_successful_batch, current_batch, total_batches) VALUES ($1, 2, 4, 9)",
          ["\(run)"])
      }
      for batch in 1...3 {
        try connection.execute(
          "INSERT INTO load_batch (batch_number, content_sha256, registrations, industries, staged, job_run_id) VALUES ($1, '', 50, 60, $2, $3)",
          ["\(batch)", "\(batch * 10)", "\(batch == 1 ? earlier : id)"])
      }
      try connection.execute("UPDATE current_load SET job_run_id = $1, kind = 'reconcile'", ["\(id)"])
      let progress = try #require(try JobProgress.read(&connection, of: id))
      #expect([progress.lastSuccessful, progress.current, progress.total] == [2, 4, 9])
      #expect(progress.batches.map(\.staged) == [10, 20, 30])
      #expect(progress.batches.map(\.jobRunID) == [earlier, id, id])
      let other = try #require(try JobProgress.read(&connection, of: earlier))
      #expect(other.batches.isEmpty)
      let none = try JobProgress.read(&connection, of: id + 1)
      #expect(none == nil)
    }
  }
}
