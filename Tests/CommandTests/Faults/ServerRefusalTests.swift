import Postgres
import SeededRandom
import Spool
import TestCluster
import TestSupport
import Testing

/// The server accepts the connection and refuses a statement: full disk, timeout, deadlock, ended session.
@Suite(.enabled(if: TestCluster.isOwn, "the server is not ours"))
struct ServerRefusalTests {
  /// A SQLSTATE that is not retried, with the expected exit code and hint.
  struct Refusal: CustomTestStringConvertible, Sendable {
    let state: String
    let code: Int32
    let hint: String
    var testDescription: String { state }
  }

  static let passing = ["40P01", "40001", "53200", "53300", "55P03", "57014", "57P01"]
  static let lasting = [
    Refusal(state: "53100", code: 75, hint: "free some space on the database server"),
    Refusal(state: "42501", code: 69, hint: "GRANT"), Refusal(state: "25006", code: 69, hint: "primary"),
    Refusal(state: "23514", code: 78, hint: "a constraint on the tables"),
    Refusal(state: "P0001", code: 78, hint: "trigger"), Refusal(state: "54000", code: 69, hint: "vacuum"),
    Refusal(state: "42P10", code: 78, hint: "publication"),
  ]

  /// Creates a trigger on `table` that fails `times` times. It counts with a sequence, which is not rolled back.
  private func refuse(_ database: TestDatabase, on table: String, _ state: String, times: Int) throws {
    try database.execute(
      """
      CREATE SEQUENCE refused;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('refused') <= \(times) THEN RAISE EXCEPTION 'injected' USING ERRCODE = '\(state)'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON \(table) FOR EACH ROW EXECUTE FUNCTION refuse()
      """)
  }

  private func allow(_ database: TestDatabase, on table: String) throws {
    try database.execute("DROP TRIGGER refuse ON \(table); DROP FUNCTION refuse; DROP SEQUENCE refused")
  }

  static let places = ["load_batch", "publication"]

  @Test(arguments: Drawn.pairs(Drawn.pairs([Way.bulk, .reconcile], places), passing))
  func aRetryableRefusalIsRetried(_ where: (Way, String), _ state: String) throws {
    let (way, place) = `where`
    try TestDatabase.with { database in
      let days = try TwoDays()
      try prepare(days, way, database)
      try refuse(database, on: place, state, times: 1)
      let ended = try days.load(database.url, days.arguments(way) + ["--jobs", "1"])
      // A lock that times out during the swap is retried at once, and is reported with another text.
      let told =
        ended.stderr.count(of: "SQLSTATE \(state)") + ended.stderr.count(of: "readers hold locks on the tables")
      #expect(ended.code == 0 && told == 1, "\(state) on \(place): \(ended)")
      try allow(database, on: place)
      try expectHoldings(database.url, after: way)
    }
  }

  @Test(arguments: Drawn.pairs(Drawn.pairs([Way.bulk, .reconcile], places.reversed()), lasting))
  func otherRefusalsAreReportedAtOnceAndTheSameCommandSucceedsLater(
    _ where: (Way, String), _ refusal: Refusal
  ) throws {
    let (way, place) = `where`
    try TestDatabase.with { database in
      let days = try TwoDays()
      try prepare(days, way, database)
      let before = try Holdings.published(database.url)
      try refuse(database, on: place, refusal.state, times: 1_000)
      let ended = try days.load(database.url, days.arguments(way))
      expect(ended, from: "load", fails: refusal.code, saying: "SQLSTATE \(refusal.state)")
      #expect(ended.stderr.contains(refusal.hint) && !ended.stderr.contains("trying again"), "\(ended)")
      #expect(try Holdings.published(database.url) == before)
      #expect(try database.scalar("SELECT status FROM etl_job_run ORDER BY id DESC LIMIT 1") == "failed")
      try allow(database, on: place)
      try days.succeed(database.url, days.arguments(way))
      try expectHoldings(database.url, after: way)
    }
  }

  /// Prepares the database; for an initial load, a refused load creates the tables.
  private func prepare(_ days: TwoDays, _ way: Way, _ database: TestDatabase) throws {
    try days.prepare(way, database.url)
    guard way == .bulk else { return }
    let refused = try days.load(database.url, days.arguments(way) + ["--max-rejects", "0"])
    #expect(refused.code == 65, "\(refused)")
  }

  /// Timeouts of the role do not apply to a load: it sets its own.
  @Test func timeoutsOfTheRoleDoNotApply() throws {
    try TestDatabase.with { database in
      let days = try TwoDays()
      let role = "r_" + database.name
      try database.execute(
        """
        CREATE ROLE \(role) SUPERUSER LOGIN;
        ALTER ROLE \(role) SET statement_timeout = '2s'; ALTER ROLE \(role) SET lock_timeout = '1s';
        ALTER ROLE \(role) SET idle_in_transaction_session_timeout = '1s'
        """)
      defer { _ = try? database.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)") }
      try prepare(days, .bulk, database)
      // Records the timeouts of each session that writes.
      try database.execute(
        """
        CREATE TABLE seen_bounds (bounds text);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO seen_bounds SELECT string_agg(current_setting(s), ' ' ORDER BY s)
          FROM unnest('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout}'::text[]) s;
          RETURN NEW;
        END $$;
        CREATE TRIGGER see BEFORE INSERT ON load_batch FOR EACH ROW EXECUTE FUNCTION see();
        CREATE TRIGGER see BEFORE INSERT ON publication FOR EACH ROW EXECUTE FUNCTION see()
        """)
      for way in [Way.bulk, .reconcile] { try days.succeed(database.url(user: role), days.arguments(way)) }
      #expect(try database.rows("SELECT DISTINCT bounds FROM seen_bounds") == ["0 10min 0"])
      let rows = try database.scalar("SELECT count(*) FROM seen_bounds")
      #expect(rows == "33", "sixteen batches, fifteen the next day, and two publications")
    }
  }

  /// The load waits for a table lock, readers of other tables are not blocked, and the load then succeeds.
  @Test(arguments: [Way.bulk, .reconcile])
  func aLockedTableIsWaitedFor(_ way: Way) throws {
    try TestDatabase.with { database in
      let days = try TwoDays()
      try prepare(days, way, database)
      var holder: Connection? = try database.open()
      try holder?.execute("BEGIN; LOCK TABLE business_industry IN ACCESS EXCLUSIVE MODE")
      let running = try days.start(database.url + "&application_name=\(database.name)", days.arguments(way))
      try running.wait(until: "it waits for the lock") {
        try database.scalar(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE application_name = '\(database.name)' AND wait_event_type = 'Lock'
          """) != "0"
      }
      #expect(try database.scalar("SELECT count(*) FROM tax_registration") == (way == .bulk ? "0" : "600"))
      _ = holder.take()
      let ended = try running.wait()
      #expect(ended.code == 0, "\(ended)")
      try expectHoldings(database.url, after: way)
    }
  }

  /// The session that is terminated.
  enum Victim: String, CaseIterable { case main, worker, heartbeat }

  @Test(arguments: Victim.allCases)
  func aTerminatedSessionIsReplaced(_ victim: Victim) throws {
    try LoadFixture.with(rows: 200, chunkSize: 20) { fixture in
      try fixture.makeSchema()
      let barrier = try Barrier(fixture, after: 4)
      let running = try fixture.start("--jobs", "1")
      try running.wait(until: "four batches are in") {
        try fixture.database.scalar("SELECT count(*) FROM load_batch") == "4"
      }
      // The heartbeat is terminated while it waits for the row that it updates.
      var holder: Connection? = nil
      if victim == .heartbeat {
        holder = try fixture.database.open()
        try holder?.execute("BEGIN; SELECT FROM etl_job_run FOR UPDATE")
      }
      let which =
        switch victim {
        case .main: "pid IN (SELECT pid FROM pg_locks WHERE relation = to_regclass('run_lock') AND granted)"
        case .worker: "wait_event = 'advisory'"
        case .heartbeat: "query LIKE 'UPDATE etl_job_run SET updated_at%' AND wait_event_type = 'Lock'"
        }
      try running.wait(until: "it is ended") {
        try fixture.database.scalar(
          """
          SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
          WHERE application_name = '\(fixture.sessions)' AND \(which)
          """) == "1"
      }
      _ = holder.take()
      if victim == .worker {
        try running.wait(until: "it retries") { running.stderr.contains("trying again in") }
      }
      try barrier.open(whileRunning: true)
      let ended = try running.wait()
      #expect(ended.code == 0, "\(ended)")
      #expect(ended.stderr.contains("trying again in") == (victim != .heartbeat), "\(ended)")
      try fixture.expectAll()
      #expect(try fixture.jobs() == ["failed", "partial"])
    }
  }
}
