import LoadStage
import Postgres
import Support
import Synchronization
import TestCluster
import Testing

/// A pooler passes the session of one client to another, with all its settings.
@Suite("Behind a pooler", .enabled(if: TestPooler.isAvailable, "\(TestPooler.unavailable ?? "")"))
struct PoolerTests {
  /// Runs `body` with a pooler and a role whose search_path is the test's schema: a pooler refuses `options` in a
  /// connection string.
  private func with(
    _ mode: String, settings: String = "", _ body: (LoadHarness, TestPooler) throws -> Void
  ) throws {
    try LoadHarness.with { harness in
      let role = "r\(harness.database.name)"
      try harness.database.execute("CREATE ROLE \(role) LOGIN SUPERUSER")
      try harness.database.execute("ALTER ROLE \(role) SET search_path = \(harness.database.name)")
      defer {
        _ = try? harness.database.execute("DROP OWNED BY \(role) CASCADE")
        _ = try? harness.database.execute("DROP ROLE \(role)")
      }
      try body(harness, TestPooler(mode: mode, role: role, settings: settings))
    }
  }

  /// Returns the settings, locks, channels and roles left in the pooler's sessions.
  private func left(_ pooler: TestPooler) throws -> [[String?]] {
    var session = try TestDatabase.open(pooler.url)
    return try session.execute(
      """
      SELECT name FROM pg_settings WHERE source = 'session' AND name <> 'application_name'
      UNION ALL SELECT 'lock ' || locktype FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE a.usename = current_user AND locktype IN ('advisory', 'relation') AND pid <> pg_backend_pid()
      UNION ALL SELECT 'channel ' || c FROM pg_listening_channels() c
      UNION ALL SELECT 'role' WHERE current_user <> session_user
      """
    ).values
  }

  @Test(
    "consecutive loads succeed and leave nothing in the pooler's sessions",
    arguments: ["session", "transaction"])
  func loads(_ mode: String) throws {
    try with(mode) { harness, pooler in
      for count in [35, 36, 36] {
        try harness.load(try harness.spool.snapshot(businesses(count))) { $0.databaseURL = pooler.url }
        #expect(try left(pooler) == [])
      }
      try harness.expect(businesses(36))
      #expect(try harness.jobs() == ["success|-", "success|-"])
    }
  }

  @Test(
    "of two concurrent loads one is refused; neither marks the other as killed", arguments: ["session", "transaction"])
  func twoAtOnce(_ mode: String) throws {
    try with(mode) { harness, pooler in
      let snapshot = try harness.spool.snapshot(businesses(35))
      let refusals = Mutex<[Failure]>([])
      try harness.load(snapshot) { settings in
        settings.databaseURL = pooler.url
        var inner = settings
        inner.limits.lockGraceSeconds = 0
        settings.atPoints { [inner] point in
          guard point == .batchCommitted(1) || point == .publishing else { return }
          do { _ = try Load.run(inner) } catch { refusals.withLock { $0.append(Failure(described: error)) } }
        }
      }
      #expect(refusals.withLock { $0.count } == 2)
      for refusal in refusals.withLock({ $0 }) {
        #expect(refusal.category == .temporary)
        #expect(refusal.message.contains("another run holds the lock: job run 1"))
        #expect(refusal.message.contains("held by 'registry-load', user 'r\(harness.database.name)'"))
      }
      #expect(try harness.jobs() == ["success|-"])
      try harness.expect(businesses(35))
    }
  }

  @Test("a pooler in statement mode is refused before any table is created")
  func statementMode() throws {
    try with("statement") { harness, pooler in
      let failure = try harness.failure(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = pooler.url }
      #expect(failure.category == .configuration)
      #expect(failure.hints.contains { $0.description.contains("transaction mode") })
      #expect(try harness.database.scalar("SELECT to_regclass('schema_migration')") == nil)
      #expect(harness.log.retries == 0)
    }
  }

  @Test("options in the connection string are refused without a retry, with a hint")
  func options() throws {
    try with("transaction") { harness, pooler in
      let failure = try harness.failure(try harness.spool.snapshot(businesses(5))) {
        $0.databaseURL = pooler.url + "&options=-csearch_path%3Dx"
      }
      #expect(failure.category == .configuration)
      #expect(failure.hints.contains { $0.description.contains("ALTER ROLE … SET search_path") })
      #expect(harness.log.retries == 0)
    }
  }

  @Test(
    "settings with which a pooler refuses statements are named, without a retry",
    arguments: ["disable_pqexec = 1", "max_packet_size = 512"])
  func refusedStatements(_ setting: String) throws {
    try with("transaction", settings: setting) { harness, pooler in
      let failure = try harness.failure(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = pooler.url }
      #expect(failure.category == .configuration, "\(failure)")
      let name = try #require(setting.split(separator: " ").first)
      #expect(failure.hints.contains { $0.description.contains(name) }, "\(failure)")
      #expect(harness.log.retries == 0)
    }
  }

  @Test("status works through a pooler")
  func reading() throws {
    try with("transaction") { harness, pooler in
      try harness.load(try harness.spool.snapshot(businesses(5))) { $0.databaseURL = pooler.url }
      let status = try DatabaseStatus.query(pooler.url, stop: {})
      #expect(status.registry?.registrations == 5)
      #expect(try left(pooler) == [])
    }
  }
}

extension Failure {
  fileprivate init(described error: any Error) { self = error as? Failure ?? Failure(.bug, "\(error)") }
}
