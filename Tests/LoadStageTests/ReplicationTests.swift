import CommandKit
import LoadStage
import Postgres
import Spool
import TestCluster
import Testing

@Suite("Logical replication", .enabled(if: OwnServer.isAvailable, "\(OwnServer.unavailable ?? "")"))
struct ReplicationTests {
  /// Both servers have the empty tables, as after `pg_dump --schema-only`.
  @Test(
    "a subscriber to all tables has every row after first load, next day, mass change, rollback and clean-up",
    .timeLimit(.minutes(3)))
  func subscriber() throws {
    let (publisher, subscriber) = (try OwnServer(["wal_level = logical"]), try OwnServer())
    for server in [publisher, subscriber] {
      var session = try server.open()
      try Migrator.migrate(&session, events: { _ in })
    }
    // The migrations insert rows, which the subscriber gets from the publisher.
    try subscriber.execute("TRUNCATE \(Migration.tables.joined(separator: ", "))")
    try publisher.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    try subscriber.execute(
      "CREATE SUBSCRIPTION everything CONNECTION 'host=\(publisher.folder) user=postgres dbname=postgres' PUBLICATION everything"
    )

    try TestSpool.with { spool in
      try TestDatabase.with { database in
        var harness = LoadHarness(spool: spool, database: database)
        harness.rebuildShareMin = 0.15
        let onServer = { (settings: inout LoadSettings) in
          settings.databaseURL = publisher.url()
          settings.acceptance = .test
        }
        func expectEqual(_ step: String) throws {
          let end = try publisher.execute("SELECT pg_current_wal_lsn()").scalar ?? ""
          let isThere = """
            SELECT count(*) = 1 AND bool_and(replay_lsn >= '\(end)') FROM pg_stat_replication WHERE state = 'streaming'
            """
          while try !publisher.execute(isThere).truth {}
          while try !subscriber.execute("SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel").truth {}
          for table in Migration.tables {
            let rows =
              "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \(table) t"
            #expect(
              try subscriber.execute(rows).scalar == publisher.execute(rows).scalar, "\(table), after: \(step)")
          }
        }
        let rows = businesses(300)
        try harness.load(try spool.snapshot(rows, .init(sourceDate: "2026-09-01")), onServer)
        try expectEqual("first load")
        #expect(try subscriber.execute("SELECT count(*) FROM tax_registration").number == 300)
        try harness.load(try spool.snapshot(Array(rows.dropLast(3)), .init(sourceDate: "2026-09-02")), onServer)
        try expectEqual("next day")
        let renamed = GateTests.renamed(250, of: rows)
        try harness.load(try spool.snapshot(renamed, .init(sourceDate: "2026-09-03")), onServer)
        try expectEqual("mass change")
        let first = try #require(try SpoolIndex.snapshots(spool.path).first)
        try harness.load(SnapshotFolder(spool: spool.path, id: first)) {
          onServer(&$0)
          $0.action = .rollback
        }
        try expectEqual("rollback")
        try publisher.execute(
          """
          UPDATE etl_job_run SET completed_at = completed_at - interval '100 days';
          UPDATE publication SET published_at = published_at - interval '100 days'
          """)
        var limits = RetentionLimits()
        limits.feedDays = 99
        let freed = try Cleanup.run(publisher.url(), spool: spool.path, limits, lockGraceSeconds: 60, stop: {})
        #expect(freed.changes > 0)
        try expectEqual("clean-up")
      }
    }
    try subscriber.execute("DROP SUBSCRIPTION everything")
  }
}
