import LoadStage
import Postgres
import Support
import Synchronization
import TestCluster
import Testing

/// Which sessions can block a load, and which cannot.
@Suite("The run's lock", .needsOwnServer)
struct LockTests {
  private func with(_ body: (LoadHarness, _ stranger: String) throws -> Void) throws {
    try LoadHarness.with { harness in
      let role = "s\(harness.database.name)"
      try harness.database.execute(
        "CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA \(harness.database.name) TO \(role)")
      defer {
        _ = try? harness.database.execute("DROP OWNED BY \(role) CASCADE")
        _ = try? harness.database.execute("DROP ROLE \(role)")
      }
      try body(harness, role)
    }
  }

  /// SQL that takes the lock of earlier versions.
  private func advisory(_ harness: LoadHarness) -> String {
    """
    SELECT pg_advisory_lock(1919248233, (oid::bigint - 2147483648)::int) FROM pg_namespace
    WHERE nspname = '\(harness.database.name)'
    """
  }

  /// Creates the tables of a version that has no lock table.
  private func makeEarlierTables(_ harness: LoadHarness) throws {
    var session = try harness.database.open()
    try Migrator.migrate(&session, Array(Migration.all.prefix(5)), events: { _ in })
  }

  @Test("a reader cannot block a load, by the lock of earlier versions or by the current one")
  func stranger() throws {
    try with { harness, role in
      try makeEarlierTables(harness)
      try harness.database.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA \(harness.database.name) GRANT SELECT ON TABLES TO \(role)")
      var reader = try TestDatabase.open(harness.database.url(user: role))
      try reader.execute(advisory(harness))
      for count in 5...6 {
        try harness.load(try harness.spool.snapshot(businesses(count))) { $0.limits.lockGraceSeconds = 0 }
        try harness.expect(businesses(count))
        let error = #expect(throws: PostgresError.self) {
          try reader.execute("BEGIN; LOCK TABLE \(RunLock.table) IN SHARE UPDATE EXCLUSIVE MODE")
        }
        #expect(error?.sqlState == "42501")
        try reader.execute("ROLLBACK")
      }
      #expect(harness.log.notes.count { $0.contains("ignored an earlier version's lock") && $0.contains(role) } == 1)
    }
  }

  @Test("a load does not start while an earlier version holds its lock, and names it", arguments: [true, false])
  func earlierVersion(_ isAdvisory: Bool) throws {
    try with { harness, role in
      try makeEarlierTables(harness)
      try harness.database.execute("GRANT ALL ON ALL TABLES IN SCHEMA \(harness.database.name) TO \(role)")
      var earlier = try TestDatabase.open(harness.database.url(user: role))
      try earlier.execute(
        isAdvisory ? advisory(harness) : "BEGIN; LOCK TABLE load_batch IN SHARE UPDATE EXCLUSIVE MODE")
      let snapshot = try harness.spool.snapshot(businesses(6))
      let failure = try harness.failure(snapshot) { $0.limits.lockGraceSeconds = 0 }
      #expect(failure.category == .temporary)
      #expect(failure.message.contains("another run holds the lock"))
      #expect(failure.message.contains("held by 'registry-tests', user '\(role)', process \(earlier.processID)"))
      try earlier.execute(isAdvisory ? "SELECT pg_advisory_unlock_all()" : "ROLLBACK")
      try harness.load(snapshot)
      try harness.expect(businesses(6))
    }
  }

  @Test("an earlier version refuses the tables during a load")
  func excludesEarlier() throws {
    try LoadHarness.with { harness in
      let refused = Mutex<Failure?>(nil)
      try harness.load(try harness.spool.snapshot(businesses(15))) { [database = harness.database] settings in
        settings.atPoints { point in
          guard point == .batchCommitted(1) else { return }
          var session = try database.open()
          do {
            try Migrator.migrate(&session, Array(Migration.all.prefix(5)), events: { _ in })
          } catch let failure as Failure { refused.withLock { $0 = failure } }
        }
      }
      #expect(refused.withLock { $0 }?.category == .configuration)
    }
  }

  @Test("a session that waits for the lock does not block a load", .timeLimit(.minutes(1)))
  func aWaitingSessionDoesNotBlockALoad() throws {
    try LoadHarness.with { harness in
      let (once, reindexed) = (Once(), Join())
      let outcome = try harness.load(try harness.spool.snapshot(businesses(35))) {
        [database = harness.database] settings in
        settings.jobs = 1
        settings.atPoints { point in
          guard point == .batchCommitted(1) else { return }
          try once.run {
            reindexed.enter()
            BlockingThread.start {
              defer { reindexed.leave() }
              do { try database.execute("REINDEX TABLE \(RunLock.table)") } catch { Issue.record(error) }
            }
            let isWaiting =
              "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = '\(RunLock.table)'::regclass AND NOT granted)"
            while try !database.execute(isWaiting).truth {}
            var other = try database.open()
            try other.execute("SET statement_timeout = '40s'")
            for table in ["load_batch", "current_load", "incoming_registration", "tax_registration"] {
              try other.execute("REINDEX TABLE \(table)")
            }
          }
        }
      }
      #expect(outcome.result == .published)
      #expect(harness.log.retries == 0)
      reindexed.wait()
      try harness.expect(businesses(35))
    }
  }

  @Test("a run that has lost the lock publishes nothing until it holds the lock again")
  func lost() throws {
    try LoadHarness.with { harness in
      let once = Once()
      let outcome = try harness.load(try harness.spool.snapshot(businesses(15))) {
        [database = harness.database] settings in
        settings.jobs = 1
        settings.atPoints { point in
          guard point == .batchCommitted(2) else { return }
          try once.run {
            let holder = """
              SELECT pg_terminate_backend(pid) FROM pg_locks
              WHERE relation = 'run_lock'::regclass AND mode = 'ShareUpdateExclusiveLock'
              """
            let isEnded = try database.execute(holder).truth
            #expect(isEnded)
          }
        }
      }
      #expect(outcome.result == .published)
      #expect(harness.log.retries == 1)
      try harness.expect(businesses(15))
    }
  }

  @Test("of several concurrent initial loads one creates the tables, and all succeed")
  func firstLoads() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(15))
      let failures = Mutex<[String]>([])
      Workers.run(4) { number in
        do {
          try harness.load(snapshot) {
            $0.runID = "run-\(number)"
            $0.limits.lockGraceSeconds = 60
          }
        } catch { failures.withLock { $0.append("\(error)") } }
      }
      #expect(failures.withLock { $0 } == [])
      try harness.expect(businesses(15))
    }
  }

  @Test(
    "stop() ends a heartbeat that waits for a silent server, and its thread",
    .timeLimit(.minutes(1)))
  func heartbeat() throws {
    let server = try HandshakeServer(.staysSilent)
    let heartbeat = try Heartbeat("postgresql://u@127.0.0.1:\(server.port)/d", everySeconds: 0.01)
    while server.connections == 0 {}
    #expect(heartbeat.stop())
    let connections = server.connections
    #expect(connections == 1)
  }

  @Test(
    "too few sessions: the hint says how many a load needs",
    arguments: [
      ("53300", "too many connections for role \"nightly\""), ("08P01", "query_wait_timeout"),
      ("08P01", "no more connections allowed (max_client_conn)"),
    ])
  func tooFewSessions(_ sqlState: String, _ message: String) {
    let kind = PostgresError.Kind(sqlState: sqlState, message: message)
    let failure = Failure(ofLoad: PostgresError(kind, sqlState: sqlState, message: message, place: "the database"))
    #expect(failure.category == .temporary)
    #expect(
      failure.hints.contains { $0.description.contains("a load needs 3 sessions at once, and uses up to --jobs + 4") },
      "\(failure)")
  }

  @Test("a lock that is not granted: the hint says where to look for its holder")
  func lockTimeOut() {
    let error = PostgresError(.temporary, sqlState: "55P03", message: "lock timeout", place: "the database")
    let failure = Failure(ofLoad: error)
    #expect(failure.category == .temporary)
    for view in ["pg_stat_activity", "pg_prepared_xacts"] {
      #expect(failure.hints.contains { $0.description.contains(view) }, "\(failure)")
    }
  }

  @Test("the migrations up to Migrator.lockable create the lock table of earlier versions")
  func lockable() throws {
    for (count, isThere) in [(Migrator.lockable - 1, false), (Migrator.lockable, true)] {
      try LoadHarness.with { harness in
        var session = try harness.database.open()
        try Migrator.migrate(&session, Array(Migration.all.prefix(count)), events: { _ in })
        #expect(try session.execute("SELECT to_regclass('\(RunLock.earlierTable)') IS NOT NULL").truth == isThere)
      }
    }
  }

  @Test("row-level security that hides rows is reported, and no table is mistaken for empty")
  func rowSecurity() throws {
    try with { harness, role in
      try harness.load(businesses(5))
      try harness.database.execute(
        """
        GRANT ALL ON ALL TABLES IN SCHEMA \(harness.database.name) TO \(role);
        ALTER TABLE tax_registration ENABLE ROW LEVEL SECURITY; ALTER TABLE schema_migration ENABLE ROW LEVEL SECURITY
        """)
      let failure = try harness.failure(try harness.spool.snapshot(businesses(6))) {
        [url = harness.database.url(user: role)] in
        $0.databaseURL = url
      }
      #expect(failure.category == .unavailable)
      #expect(failure.message.contains("row-level security may hide rows of schema_migration, tax_registration"))
      let status = try DatabaseStatus.query(harness.database.url(user: role), stop: {})
      #expect(status.problem?.contains("row-level security") == true)
      #expect(try harness.registry().count == 5)
    }
  }

  @Test("a user's table that inherits from a registry table is named, and no row is changed")
  func aTableThatInherits() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      for parent in ["tax_registration", "business_industry", "registration_change"] {
        try harness.database.execute("CREATE TABLE mine (closed_on date) INHERITS (\(parent))")
        let failure = try harness.failure(try harness.spool.snapshot(businesses(6)))
        #expect(failure.category == .configuration)
        #expect(failure.message.contains("table mine inherits from \(parent)"), "\(failure.message)")
        try harness.database.execute("DROP TABLE mine")
      }
      #expect(try harness.registry().count == 5)
      try harness.load(businesses(6))
    }
  }

  @Test("a schema named like the login is not filled if another schema has the registry")
  func aSchemaOfTheLoginsName() throws {
    try with { harness, role in
      try harness.load(businesses(5))
      try harness.database.execute("CREATE SCHEMA \(role) AUTHORIZATION \(role)")
      defer { _ = try? harness.database.execute("DROP SCHEMA \(role) CASCADE") }
      let snapshot = try harness.spool.snapshot(businesses(6))
      let failure = #expect(throws: Failure.self) {
        try harness.load(snapshot) {
          $0.databaseURL = harness.database.url(user: role)
            .replacing("search_path%3D", with: "search_path%3D%22$user%22,")
        }
      }
      #expect(failure?.category == .configuration)
      #expect(failure?.message.contains("schema '\(role)' comes first") == true, "\(failure?.message ?? "")")
      #expect(
        try harness.database.scalar("SELECT count(*) FROM pg_class WHERE relnamespace = '\(role)'::regnamespace") == "0"
      )
    }
  }

  @Test("a sequence that is behind its table is reported, with a setval command")
  func sequenceBehind() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      try harness.database.execute("SELECT setval(pg_get_serial_sequence('etl_job_run', 'id'), 1, false)")
      let failure = #expect(throws: Failure.self) { try harness.load(businesses(6)) }
      #expect(failure?.category == .configuration)
      #expect(
        failure?.hints.first?.description.contains("setval") == true, "\(failure?.hints.first?.description ?? "")")
    }
  }

  @Test(
    "options that the server or libpq refuses are configuration or usage errors",
    arguments: [
      ("&options=-cserch_path%3Dx", ExitCategory.configuration), ("&options=--nonsense", .configuration),
      ("postgresql://u@127.0.0.1:1/d?keepalives_idle=abc", .usage),
    ])
  func refusedOptions(_ option: String, _ category: ExitCategory) throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(5))
      let failure = #expect(throws: Failure.self) {
        try harness.load(snapshot) {
          $0.databaseURL = option.hasPrefix("&") ? $0.databaseURL + option : option
        }
      }
      #expect(failure?.category == category, "\(failure?.message ?? "")")
    }
  }

  @Test("status reports tables that the role may not read, and does not treat them as missing")
  func unreadable() throws {
    try with { harness, role in
      #expect(try DatabaseStatus.query(harness.database.url, stop: {}).problem == nil)
      try harness.load(businesses(5))
      let denied = try DatabaseStatus.query(harness.database.url(user: role), stop: {})
      #expect(denied.problem?.contains("permission denied") == true)
      try harness.database.execute("REVOKE USAGE ON SCHEMA \(harness.database.name) FROM \(role)")
      let url =
        harness.database.url(user: role).replacing(
          "search_path%3D", with: "search_path%3Dnone_such,") + ",public"
      let closed = try DatabaseStatus.query(url, stop: {})
      #expect(closed.problem?.contains("schema '\(harness.database.name)' comes first") == true, "\(closed)")
    }
  }
}
