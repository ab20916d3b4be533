import Failures
import LoadStage
import Postgres
import Spool
import TestCluster
import Testing

@Suite("Rights and settings", .needsServer)
struct RightsTests {
  /// A role for the test, which is dropped with all it owns.
  private func withRole(_ harness: LoadHarness, _ grants: [String], _ body: (_ role: String) throws -> Void) throws {
    let role = "r_" + harness.database.name
    try harness.database.execute("CREATE ROLE \(role) LOGIN")
    for grant in grants { try harness.database.execute(grant.replacingOccurrences("ROLE", role)) }
    defer { _ = try? harness.database.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)") }
    try body(role)
  }

  @Test("later loads need to read and write rows, and nothing else", .needsOwnServer)
  func loaderRole() throws {
    try LoadHarness.with { harness in
      let first = businesses(25)
      try harness.load(first)
      let grants = [
        "GRANT USAGE ON SCHEMA \(harness.database.name) TO ROLE",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(harness.database.name) TO ROLE",
      ]
      try withRole(harness, grants) { role in
        var second = first.filter { $0.ban != "10000007" } + [Business("20000000", "new")]
        second[3].name = "changed"
        let snapshot = try harness.spool.snapshot(second, .init(findings: [1: [finding]]))
        let outcome = try harness.load(snapshot) { $0.databaseURL = harness.database.url(user: role) }
        #expect(outcome.kind == .reconcile)
        #expect(outcome.changes.removed == 1)
        try harness.expect(second)
        #expect(try harness.database.scalar("SELECT count(*) FROM data_import_error") == "1")
        // And the day after.
        try harness.load(try harness.spool.snapshot(first)) { $0.databaseURL = harness.database.url(user: role) }
        try harness.expect(first)
      }
    }
  }

  @Test("going back, corrections, withdrawals and clean-ups need no more", .needsOwnServer)
  func loaderRoleBesidesLoading() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(120), .init(sourceDate: "2026-09-01"))
      try harness.load(first)
      let grants = [
        "GRANT USAGE ON SCHEMA \(harness.database.name) TO ROLE",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(harness.database.name) TO ROLE",
      ]
      try withRole(harness, grants) { role in
        let url = harness.database.url(user: role)
        func asLoader(_ settings: inout LoadSettings) { settings.databaseURL = url }
        let second = try harness.spool.snapshot(
          businesses(122), .init(sourceDate: "2026-09-02", findings: [1: [finding]]))
        try harness.load(second, asLoader)
        // More than the bounds allow: refused, it clears what it staged.
        let third = try harness.spool.snapshot(businesses(60), .init(sourceDate: "2026-09-03"))
        #expect(try harness.failure(third, asLoader).verdict == .data)
        try harness.expect(businesses(122))

        var corrected = businesses(122)[4]
        corrected.name = "更正"
        var other = businesses(122)[5]
        other.industries = []
        try harness.replay(second, [corrected, Business("20000000", "補")], asLoader)
        try harness.replay(second, [other], asLoader)
        try harness.load(second) {
          asLoader(&$0)
          $0.action = .withdraw
          $0.withdrawn = [10_000_005, 20_000_000]
        }
        try harness.expect(businesses(122).filter { $0.ban != corrected.ban } + [corrected])
        try harness.database.execute("UPDATE tax_registration SET business_name = 'by hand' WHERE ban = '10000009'")
        let verified = try harness.load(second) {
          asLoader(&$0)
          $0.verify = true
        }
        #expect(verified.repaired == 1)

        let target = try Rollback.target(url, spool: harness.spool.path, stop: {})
        #expect(target == first)
        try harness.load(target) {
          asLoader(&$0)
          $0.action = .rollback
        }
        try harness.expect(businesses(120).filter { $0.ban != corrected.ban } + [corrected])

        var limits = RetentionLimits()
        (limits.snapshots, limits.findingsDays, limits.feedDays) = (1, 1, 1)
        try harness.database.execute(
          """
          UPDATE etl_job_run SET completed_at = completed_at - interval '9 days';
          UPDATE publication SET published_at = published_at - interval '9 days'
          """)
        let freed = try Cleanup.run(url, spool: harness.spool.path, limits, lockGraceSeconds: 60, stop: {})
        #expect(freed.findings > 1 && freed.changes > 0)
        #expect(freed.removed.map(\.snapshot) == [second.id.description])
        var asked = 0
        try ChangeQuery().run(url, stop: {}) { _ in asked += 1 }
        #expect(asked == 0)
      }
    }
  }

  @Test("a loader that does not own the empty tables fills them by INSERT", .needsOwnServer)
  func loaderRoleFirst() throws {
    try LoadHarness.with { harness in
      var session = try harness.database.open()
      try Migrator.migrate(&session, events: { _ in })
      let grants = [
        "GRANT USAGE ON SCHEMA \(harness.database.name) TO ROLE",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(harness.database.name) TO ROLE",
      ]
      try withRole(harness, grants) { role in
        let rows = businesses(25)
        let outcome = try harness.load(try harness.spool.snapshot(rows)) {
          $0.databaseURL = harness.database.url(user: role)
        }
        #expect(outcome.kind == .reconcile)
        try harness.expect(rows)
      }
    }
  }

  @Test("an owner who is no superuser makes the tables and fills them the fast way", .needsOwnServer)
  func plainOwner() throws {
    try LoadHarness.with { harness in
      try withRole(harness, ["GRANT USAGE, CREATE ON SCHEMA \(harness.database.name) TO ROLE"]) { role in
        let rows = businesses(25)
        let outcome = try harness.load(try harness.spool.snapshot(rows)) {
          $0.databaseURL = harness.database.url(user: role)
        }
        #expect(outcome.kind == .bulk)
        try harness.expect(rows)
        #expect(
          try harness.database.rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = current_schema()")
            == [role])
      }
    }
  }

  @Test("a pending migration without the right to make it: 78", .needsOwnServer)
  func pendingMigration() throws {
    try LoadHarness.with { harness in
      try withRole(harness, ["GRANT USAGE ON SCHEMA \(harness.database.name) TO ROLE"]) { role in
        let failure = try harness.failure(try harness.spool.snapshot(businesses(1))) {
          $0.databaseURL = harness.database.url(user: role)
        }
        #expect(failure.verdict == .configuration)
        #expect(failure.hints.first?.contains("owner") == true)
      }
    }
  }

  @Test("a right that is missing: 69", .needsOwnServer)
  func missingRight() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3))
      try withRole(harness, ["GRANT USAGE ON SCHEMA \(harness.database.name) TO ROLE"]) { role in
        let failure = try harness.failure(try harness.spool.snapshot(businesses(4))) {
          $0.databaseURL = harness.database.url(user: role)
        }
        #expect(failure.verdict == .unavailable)
        #expect(failure.hints.first?.contains("GRANT") == true)
      }
    }
  }

  @Test("a table of that name that is not ours: 78")
  func foreignTable() throws {
    try LoadHarness.with { harness in
      try harness.database.execute("CREATE TABLE tax_registration (ban text)")
      let failure = try harness.failure(try harness.spool.snapshot(businesses(1)))
      #expect(failure.verdict == .configuration)
      #expect(failure.message.hasSuffix("there is a table of that name that is not ours: tax_registration"))
      #expect(try harness.database.scalar("SELECT to_regclass('schema_migration')") == nil)
    }
  }

  @Test("tables of a newer program, or of one that was never released: 78")
  func otherVersions() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(1))
      try harness.database.execute("INSERT INTO schema_migration (version, name, sha256) VALUES (99, 'later', 'x')")
      let snapshot = try harness.spool.snapshot(businesses(2))
      #expect(try harness.failure(snapshot).verdict == .configuration)
      try harness.database.execute(
        "DELETE FROM schema_migration WHERE version = 99; UPDATE schema_migration SET sha256 = 'x'")
      #expect(try harness.failure(snapshot).verdict == .configuration)
    }
  }

  @Test("a search path that leads nowhere: 78")
  func noSchema() throws {
    try LoadHarness.with { harness in
      let failure = try harness.failure(try harness.spool.snapshot(businesses(1))) {
        $0.databaseURL = harness.database.url(schema: "no_such_schema")
      }
      #expect(failure.verdict == .configuration)
    }
  }

  @Test("tables of the same name further down the search path are not touched", .needsOwnServer)
  func searchPath() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3))
      let other = "o_" + harness.database.name
      try harness.database.execute("CREATE SCHEMA \(other)")
      let outcome = try harness.load(try harness.spool.snapshot(businesses(5))) {
        $0.databaseURL = harness.database.url(schema: "\(other)%2C\(harness.database.name)")
      }
      #expect(outcome.kind == .bulk)
      try harness.expect(businesses(3))
      #expect(try harness.database.scalar("SELECT count(*) FROM \(other).tax_registration") == "5")
      try harness.database.execute("SET client_min_messages = error; DROP SCHEMA \(other) CASCADE")
    }
  }

  @Test("wrong password, no such role, no such database: 69; not reachable: 75; malformed: 64", .needsOwnServer)
  func connecting() throws {
    try LoadHarness.with { harness in
      let cluster = try TestCluster.shared.get()
      let snapshot = try harness.spool.snapshot(businesses(1))
      let cases: [(String, Verdict, String)] = [
        (cluster.ownURL(user: "with_password:geheim"), .unavailable, "PGPASSFILE"),
        (cluster.ownURL(user: "with_password"), .unavailable, "PGPASSFILE"),
        (cluster.ownURL(user: "nobody:geheim"), .unavailable, "DATABASE_URL"),
        (cluster.ownURL(user: "postgres", database: "nowhere"), .unavailable, "createdb"),
        ("postgresql://postgres:geheim@/x?host=/tmp/no-such-folder", .temporary, "run the same command again"),
        ("postgresql://postgres:geheim@127.0.0.1:1/x", .temporary, "run the same command again"),
        ("postgresql://postgres:ge heim@[bad/x", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h/x?nonsense=1", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h:99999/x", .usage, "percent-encoded"),
        ("postgresql://postgres:geheim@h/x?sslmode=geheim", .usage, "percent-encoded"),
      ]
      for (url, verdict, hint) in cases {
        let failure = try harness.failure(snapshot) { $0.databaseURL = url }
        #expect(failure.verdict == verdict, "\(url): \(failure)")
        #expect(failure.hints.contains { $0.contains(hint) }, "\(url): \(failure)")
        #expect(!"\(failure)".contains("heim"), "\(failure)")
      }
      #expect(harness.log.retries == 6)
    }
  }

  private let finding =
    #"{"record":1,"line":3,"byte_offset":9,"code":"X","severity":"error","column":null,"message":"m","raw":"r"}"#
}

extension String {
  fileprivate func replacingOccurrences(_ word: String, _ other: String) -> String {
    split(separator: " ", omittingEmptySubsequences: false).map { $0 == word ? other : String($0) }.joined(
      separator: " ")
  }
}
