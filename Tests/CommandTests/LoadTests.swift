import Glibc
import Postgres
import ReferenceImplementation
import Spool
import TestCluster
import TestSupport
import Testing

/// `load` as a process, against a real server.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct LoadTests {
  @Test func aLoadLogsItsEventsInOrderAndTheSameAgainChangesNothing() throws {
    try LoadFixture.with(rows: 300, chunkSize: 50) { fixture in
      let first = try fixture.load("--jobs", "1", "--json")
      #expect(first.code == 0, "\(first)")
      try fixture.expectAll()
      let log = try LogLine.read(first.stderr)
      #expect(
        log.events == ["etl_started"]
          + Array(repeating: ["batch_started", "batch_completed"], count: fixture.batches).joined()
          + ["etl_summary", "etl_completed"])
      let job = try #require(fixture.database.execute("SELECT max(id) FROM etl_job_run").number)
      #expect(log.dropFirst().filter { $0.event != nil }.allSatisfy { $0.fields["job_run_id"]?.int == job }, "\(first)")
      #expect(log.all("batch_completed").map { $0.fields["batch_num"]?.int } == Array(1...fixture.batches))
      let counts = log.all("batch_completed").map { line in
        ["raw_count", "records_success", "records_failed", "records_duplicates"].map { line.fields[$0]?.int ?? -1 }
      }
      let totals = fixture.reference.totals
      #expect(
        (0..<4).map { column in counts.reduce(0) { $0 + $1[column] } }
          == [totals.total, totals.processed, totals.failed, totals.duplicated])
      #expect(log.last?.fields["status"]?.string == "partial")
      #expect(log.last?.fields["records_success"]?.int == totals.processed)
      let document = try JSON(first.stdout)
      #expect(document["status"]?.string == "partial" && document["job_run_id"]?.int == job)
      #expect(document["database"]?["after"]?["registrations"]?.int == totals.processed)
      #expect(document["source_date"]?.string == fixture.reference.sourceDate)
      #expect(log.last?.fields["source_date"]?.string == fixture.reference.sourceDate)
      #expect(log.last?.fields["registry"]?.string == "published")
      let status = try fixture.workshop.run("load", "status", variables: ["DATABASE_URL": fixture.database.url])
      let line = try #require(status.stdout.split(separator: "\n").first { $0.hasPrefix("source date ") }, "\(status)")
      #expect(line.hasPrefix("source date \(fixture.reference.sourceDate ?? "?"), ") && line.hasSuffix(" days old"))

      let second = try fixture.load("--json")
      #expect(second.code == 0 && fixture.batches > 5, "\(second)")
      #expect(try JSON(second.stdout)["status"]?.string == "unchanged")
      let unchanged = try LogLine.read(second.stderr)
      #expect(unchanged.events == ["etl_started", "etl_summary", "etl_completed"])
      #expect(unchanged.last?.fields["status"]?.string == "unchanged")
      #expect(unchanged.last?.fields["registry"]?.string == "not_checked", "the source was not checked")
      #expect(try fixture.jobs() == ["partial"], "an unchanged load inserts no job run")
      try fixture.expectAll()
    }
  }

  @Test func cleanDataIsASuccess() throws {
    try TestDatabase.with { database in
      let workshop = try CommandSandbox.fetched(Array(Source.plain(rows: 20).utf8), chunkSize: 7)
      try workshop.succeed("transform")
      let variables = ["DATABASE_URL": database.url, "LOG_FORMAT": "json"]
      let ended = try workshop.run("load", "--json", variables: variables)
      #expect(try JSON(ended.stdout)["status"]?.string == "success")
      let log = try LogLine.read(ended.stderr)
      #expect(log.last?.fields["status"]?.string == "success")
      #expect(
        ended.stderr.contains("loading into database 'postgres' on "), "the message names the database: \(ended)")
      #expect(try database.rows("SELECT status FROM etl_job_run") == ["success"])
    }
  }

  @Test func loadChecksTheRejectionBudgetAndARefusalPublishesNothing() throws {
    try LoadFixture.with(rows: 100, chunkSize: 50) { fixture in
      for _ in 1...2 {
        let refused = try fixture.load("--max-rejects", "1")
        #expect(refused.code == 65, "\(refused)")
        let log = try LogLine.read(refused.stderr)
        #expect(log.events == ["etl_started", "etl_failed"])
        #expect(log.last?.fields["job_run_id"]?.int != nil)
        #expect(try fixture.published() == [0, 0])
      }
      let spool = try inodes(fixture.workshop.snapshot().transformFolder)
      #expect(try fixture.load("--max-rejects", "2").code == 0)
      try fixture.expectAll()
      #expect(try fixture.jobs() == ["failed", "failed", "partial"])
      #expect(try inodes(fixture.workshop.snapshot().transformFolder) == spool)
    }
  }

  @Test func aReaderSeesAnEmptyOrTheCompleteRegistry() throws {
    try LoadFixture.with(rows: 3_000, chunkSize: 100) { fixture in
      try fixture.makeSchema()
      let running = try fixture.start()
      var seen: [[Int?]] = []
      while !running.hasEnded {
        let now = try fixture.published()
        if now != seen.last { seen.append(now) }
      }
      let ended = try running.wait()
      #expect(ended.code == 0, "\(ended)")
      #expect(seen == [[0, 0]] || seen == [[0, 0], fixture.all], "\(seen)")
      try fixture.expectAll()
    }
  }

  /// The second batch fails once. Its second attempt takes longer than the five seconds after which progress is logged.
  @Test func progressBeginsAgainWithEachAttempt() throws {
    try LoadFixture.with(rows: 60, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      try fixture.database.execute(
        """
        CREATE SEQUENCE passed;
        CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE number bigint := nextval('passed'); BEGIN
          IF number = 2 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40P01'; END IF;
          IF number = 3 THEN PERFORM pg_sleep(5.2); END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER pass BEFORE INSERT ON load_batch FOR EACH ROW EXECUTE FUNCTION pass()
        """)
      let ended = try fixture.load("--jobs", "1")
      #expect(ended.code == 0 && fixture.batches > 2, "\(ended)")
      let log = try LogLine.read(ended.stderr)
      #expect(log.count { $0.message.contains("trying again in") } == 1, "\(ended)")
      let progress = log.compactMap { $0.fields["progress_done"]?.int }
      #expect(progress.first == 2 && progress.allSatisfy { $0 <= fixture.batches }, "\(ended)")
    }
  }

  @Test(arguments: [SIGKILL, SIGTERM])
  func theNextLoadSkipsTheBatchesOfAStoppedOne(_ signal: Int32) throws {
    try LoadFixture.with(rows: 600, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      let barrier = try Barrier(fixture, after: 12)
      let running = try fixture.start("--jobs", "1")
      try running.wait(until: "12 batches are in") {
        try fixture.database.scalar("SELECT count(*) FROM load_batch") == "12"
      }

      // Meanwhile no other load can start, and readers see an empty registry.
      let second = try fixture.load()
      #expect(second.code == 75 && second.stderr.contains("another run holds the lock"), "\(second)")
      #expect(try fixture.published() == [0, 0])

      running.kill(signal)
      let first = try running.wait()
      #expect(signal == SIGKILL ? first.signal == SIGKILL : first.code == 128 + signal, "\(first)")
      try barrier.open()
      let log = try LogLine.read(first.stderr)
      #expect(log.all("etl_failed").count == (signal == SIGKILL ? 0 : 1))
      #expect(try fixture.published() == [0, 0])
      let batchesIn = try #require(try fixture.database.execute("SELECT count(*) FROM load_batch").number)
      #expect((12...13).contains(batchesIn))

      let next = try fixture.load("--jobs", "2")
      #expect(next.code == 0, "\(next)")
      try fixture.expectAll()
      let nextLog = try LogLine.read(next.stderr)
      #expect(
        nextLog.contains { $0.message.contains("resuming: \(batchesIn) of \(fixture.batches) batches") }, "\(next)")
      #expect(nextLog.count { $0.message.hasSuffix("already loaded, skipped") } == batchesIn)
      #expect(nextLog.all("batch_completed").count == fixture.batches)
      #expect(nextLog.all("etl_failed").map(\.runID) == (signal == SIGKILL ? [log.first?.runID] : []))
      #expect(nextLog.all("etl_completed").count == 1)
      #expect(try fixture.jobs() == ["failed", "failed", "partial"])
      #expect(try fixture.workshop.markers == [])
    }
  }

  @Test func killsAtAnyMomentLoseNoData() throws {
    try LoadFixture.with(rows: 2_000, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      for batches in [1, 30, 60, 95] {
        let running = try fixture.start()
        try? running.wait(until: "\(batches) batches are in") {
          try (fixture.database.execute("SELECT count(*) FROM load_batch").number ?? 0) >= batches
        }
        running.kill(SIGKILL)
        _ = try running.wait()
        let seen = try fixture.published()
        #expect(seen == [0, 0] || seen == fixture.all)
      }
      // The session of a killed run may hold the lock for a moment.
      var last = try fixture.load()
      for _ in 1...100 where last.code == 75 { last = try fixture.load() }
      #expect(last.code == 0, "\(last)")
      try fixture.expectAll()
      #expect(try fixture.database.scalar("SELECT count(*) FROM etl_job_run WHERE status = 'running'") == "0")
      #expect(try fixture.load().code == 0)
    }
  }

  @Test(.enabled(if: TestCluster.isOwn, "the server is not ours"))
  func aRefusedLoginIs69AndAnUnreachableServer75() throws {
    let workshop = try CommandSandbox.fetched(Array(Source.plain(rows: 5).utf8), chunkSize: 5)
    try workshop.succeed("transform")
    let cluster = try TestCluster.shared.get()
    let canary = LoadFixture.canary
    for (url, code, hint) in [
      (cluster.ownURL(user: "with_password:" + canary), 69, "PGPASSFILE"),
      (cluster.ownURL(user: "postgres:" + canary, database: "nowhere"), 69, "createdb"),
      ("postgresql://u:\(canary)@127.0.0.1:1/x", 75, "run the same command again"),
      ("postgresql://u:\(canary)@[bad/x", 64, "percent-encoded"),
    ] as [(String, Int32, String)] {
      for format in ["text", "json"] where code != 75 || format == "text" {
        let variables = ["DATABASE_URL": url, "LOG_FORMAT": format, "LOG_LEVEL": "trace"]
        let ended = try workshop.run("load", "--json", variables: variables)
        if format == "text" { expect(ended, from: "load", fails: code) }
        #expect(ended.code == code && ended.stderr.contains(hint), "\(ended)")
        #expect(!ended.stdout.contains(canary) && !ended.stderr.contains(canary), "\(ended)")
        let status = try workshop.run("load", "status", variables: variables)
        #expect(!status.stdout.contains(canary) && !status.stderr.contains(canary), "\(status)")
      }
    }
    #expect(try files(under: workshop.scratch.path, holding: canary) == [])
    #expect(try workshop.markers == [])
  }

  /// The password is used and does not appear in outputs, tables or files.
  @Test(.enabled(if: TestCluster.isOwn, "the server is not ours"))
  func aUsedPasswordAppearsNowhere() throws {
    try LoadFixture.with(rows: 60, chunkSize: 20) { fixture in
      let url = fixture.database.url(user: "postgres", password: LoadFixture.canary)
      var variables = ["DATABASE_URL": url, "MAX_REJECTS": "0", "LOG_LEVEL": "trace"]
      for budget in ["0", "100%", "100%"] {
        variables["MAX_REJECTS"] = budget
        for format in ["text", "json"] {
          variables["LOG_FORMAT"] = format
          let ended = try fixture.workshop.run("load", "--json", variables: variables)
          #expect(ended.code == (budget == "0" ? 65 : 0), "\(ended)")
          #expect(!ended.stdout.contains(LoadFixture.canary) && !ended.stderr.contains(LoadFixture.canary), "\(ended)")
        }
      }
      let tables = try fixture.database.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = '\(fixture.database.name)' ORDER BY 1")
      #expect(tables.contains("etl_job_run"))
      for table in tables {
        let rows = try fixture.database.rows("SELECT t::text FROM \(table) t")
        #expect(!rows.contains { $0.contains(LoadFixture.canary) }, "\(table)")
      }
      #expect(try files(under: fixture.workshop.scratch.path, holding: LoadFixture.canary) == [])
    }
  }

  @Test func statusChangesNothing() throws {
    try LoadFixture.with(rows: 60, chunkSize: 20) { fixture in
      let variables = ["DATABASE_URL": fixture.database.url]
      func status() throws -> JSON {
        let command = Command(
          program: Command.path(of: "load"), arguments: ["status", "--json", "--spool", fixture.workshop.spool],
          environment: fixture.workshop.environment.merging(variables) { $1 })
        let ended = try command.run()
        try #require(ended.code == 0 && ended.stderr.isEmpty, "\(ended)")
        return try JSON(ended.stdout)
      }
      let before = try status()
      #expect(before["snapshots"]?.array?.first?["stage"]?.string == "transformed")
      #expect(try fixture.database.scalar("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") == "0")
      #expect(try fixture.load().code == 0)
      let after = try status()
      #expect(after["database"]?["registry"]?["registrations"]?.int == fixture.reference.totals.processed)
      #expect(after["database"]?["last_job_run"]?["status"]?.string == "partial")
      #expect(try fixture.jobs() == ["partial"])
    }
  }
}
