import CommandKit
import Foundation
import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import Testing

@Suite("Clean-up", .needsServer)
struct RetentionTests {
  /// Publishes `count` days.
  private func days(_ harness: LoadHarness, _ count: Int) throws -> [SnapshotFolder] {
    try (0..<count).map { day in
      let snapshot = try harness.spool.snapshot(businesses(200 + day), .init(sourceDate: "2026-09-\(10 + day)"))
      try harness.load(snapshot)
      return snapshot
    }
  }

  private func cleanUp(
    _ harness: LoadHarness, keep: Int, _ change: (inout RetentionLimits) -> Void = { _ in }
  ) throws -> Freed {
    var limits = RetentionLimits()
    limits.snapshots = keep
    change(&limits)
    return try Cleanup.run(
      harness.database.url, spool: harness.spool.path, limits, lockGraceSeconds: 60, stop: {})
  }

  private func names(_ parts: [Freed.Part]) -> [String] { parts.map(\.snapshot) }

  private func isTransformed(_ snapshot: SnapshotFolder) throws -> Bool {
    try SpoolFile.size(snapshot.transformManifest) != nil && !Folder.names(snapshot.transformFolder).isEmpty
  }

  @Test("the newest are kept, older ones of them without their TSV files, and the freed space is reported")
  func keepsTheNewest() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness, 6)
      let before = try Folder.weight(harness.spool.path)
      let freed = try cleanUp(harness, keep: 4)
      #expect(names(freed.removed) == snapshots.prefix(2).map(\.id.description))
      #expect(names(freed.stripped) == snapshots[2..<4].map(\.id.description))
      #expect(freed.inUse.isEmpty)
      #expect(try SpoolIndex.snapshots(harness.spool.path) == snapshots.suffix(4).map(\.id))
      #expect(try snapshots.suffix(4).map(isTransformed) == [false, false, true, true])
      #expect(try before - Folder.weight(harness.spool.path) == freed.bytes)
      // Stripped snapshots keep their source and change feed.
      for snapshot in snapshots[2..<4] {
        #expect(try FetchManifest.read(at: snapshot.fetchManifest) != nil)
        #expect(try !Folder.names(snapshot.changesFolder).isEmpty)
      }
      #expect(try cleanUp(harness, keep: 4) == Freed())
      try harness.load(businesses(207), .init(sourceDate: "2026-09-20"))
    }
  }

  @Test("the published snapshot and the rollback target are kept at any age")
  func keepsWhatIsPublished() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness, 4)
      try harness.load(snapshots[1]) { $0.action = .rollback }
      for _ in 0..<3 { try harness.spool.snapshot(businesses(300)) }
      let freed = try cleanUp(harness, keep: 1)
      // Left are the newest published one, the newest of the others, and the wanted ones.
      #expect(names(freed.removed).count == 3)
      #expect(
        try SpoolIndex.snapshots(harness.spool.path).prefix(3) == [snapshots[0].id, snapshots[1].id, snapshots[3].id])
      #expect(try isTransformed(snapshots[0]) && isTransformed(snapshots[1]))
      // Corrections and the rollback still work.
      try harness.replay(snapshots[1], [Business("20000000", "補")])
      let target = try Rollback.target(harness.database.url, spool: harness.spool.path, stop: {})
      #expect(target == snapshots[0])
      try harness.load(target) { $0.action = .rollback }
      try harness.expect(businesses(200) + [Business("20000000", "補")])
    }
  }

  @Test("samples, limited snapshots and dry runs never push out a published one, and do not pile up")
  func othersCountForThemselves() throws {
    try LoadHarness.with { harness in
      let published = try days(harness, 3)
      for count in 1...5 {
        try harness.spool.snapshot(businesses(5), .init(sample: true))
        try harness.spool.snapshot(businesses(5), .init(limit: 5))
        try harness.spool.snapshot(businesses(210))
        let sample = try harness.spool.snapshot(businesses(5 + count), .init(sample: true))
        try harness.load(sample) { $0.acceptance = .test }
        _ = try cleanUp(harness, keep: 3)
        let left = try SpoolIndex.snapshots(harness.spool.path)
        #expect(left.prefix(3) == published.map(\.id)[...], "after \(count)")
        #expect(left.count == 6, "after \(count)")
      }
      try harness.load(businesses(204), .init(sourceDate: "2026-09-20"))
    }
  }

  @Test("a published snapshot without change-feed files still counts as published")
  func withoutFeedFiles() throws {
    try LoadHarness.with { harness in
      let published = try days(harness, 3)
      try Folder.remove(published[1].changesFolder)
      for _ in 0..<2 { try harness.spool.snapshot(businesses(300)) }
      let freed = try cleanUp(harness, keep: 2)
      #expect(names(freed.removed) == [published[0].id.description])
      #expect(try SpoolIndex.snapshots(harness.spool.path).contains(published[1].id))
    }
  }

  @Test("a snapshot in use is left unchanged and named; the next clean-up handles it")
  func inUse() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness, 5)
      let freed = try snapshots[0].use {
        try snapshots[2].use {
          let freed = try cleanUp(harness, keep: 3)
          #expect(try isTransformed(snapshots[0]) && isTransformed(snapshots[2]))
          return freed
        }
      }
      #expect(freed.inUse == [snapshots[0].id.description, snapshots[2].id.description])
      #expect(names(freed.removed) == [snapshots[1].id.description] && freed.stripped.isEmpty)
      let next = try cleanUp(harness, keep: 3)
      #expect(names(next.removed) == [snapshots[0].id.description])
      #expect(names(next.stripped) == [snapshots[2].id.description])
    }
  }

  @Test("incomplete downloads are removed once a newer snapshot exists; the newest is kept to be resumed")
  func downloads() throws {
    try LoadHarness.with { harness in
      func unfinished() throws -> SnapshotFolder {
        let snapshot = try harness.spool.snapshot(businesses(10))
        for manifest in [snapshot.transformManifest, snapshot.fetchManifest] { try SpoolFile.remove(manifest) }
        return snapshot
      }
      let old = try unfinished()
      let published = try days(harness, 1)[0]
      let newer = try unfinished()
      let newest = try unfinished()
      let freed = try cleanUp(harness, keep: 7)
      #expect(names(freed.removed) == [old.id.description, newer.id.description])
      #expect(try SpoolIndex.snapshots(harness.spool.path) == [published.id, newest.id])
    }
  }

  @Test("the next clean-up completes an interrupted one, wherever it stopped")
  func cutShort() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness, 5)
      // In the order of a clean-up: first the manifests, then file by file.
      let removed = snapshots[0]
      try SpoolFile.remove(removed.transformManifest)
      try SpoolFile.remove(removed.fetchManifest)
      for name in try Folder.names(removed.fetchFolder) + ["missing"] {
        try SpoolFile.remove(removed.fetchFolder + "/" + name)
      }
      let half = snapshots[1]
      try SpoolFile.remove(half.transformManifest)
      let stripped = snapshots[2]
      try SpoolFile.remove(stripped.transformManifest)
      try SpoolFile.remove(stripped.registrations(1))
      // Load refuses the partly removed snapshots.
      for snapshot in [removed, half, stripped] { #expect(try harness.failure(snapshot).category == .notReady) }

      let freed = try cleanUp(harness, keep: 3)
      #expect(names(freed.removed) == [removed.id.description, half.id.description])
      #expect(names(freed.stripped) == [stripped.id.description])
      #expect(try Folder.names(stripped.transformFolder).isEmpty)
      #expect(try SpoolIndex.snapshots(harness.spool.path) == snapshots.suffix(3).map(\.id))
    }
  }

  @Test("while another run holds the lock, nothing is removed: 75")
  func lockHeld() throws {
    try LoadHarness.with { harness in
      let snapshots = try days(harness, 3)
      let spool = harness.spool.path
      let url = harness.database.url
      let seen = Once()
      try harness.load(try harness.spool.snapshot(businesses(204), .init(sourceDate: "2026-09-20"))) { settings in
        settings.atPoints { point in
          guard point == .publishing else { return }
          try seen.run {
            let failure = try #require(throws: Failure.self) {
              var limits = RetentionLimits()
              limits.snapshots = 1
              _ = try Cleanup.run(url, spool: spool, limits, lockGraceSeconds: 0, stop: {})
            }
            #expect(failure.category == .temporary && failure.message.contains("another run holds the lock"))
          }
        }
      }
      #expect(try SpoolIndex.snapshots(spool).count == 4)
      #expect(try snapshots.map(isTransformed) == [true, true, true])
    }
  }

  @Test("a clean-up works before the first load and without a database")
  func nothingPublished() throws {
    try LoadHarness.with { harness in
      let snapshots = try (0..<3).map { _ in try harness.spool.snapshot(businesses(3)) }
      #expect(names(try cleanUp(harness, keep: 2).removed) == [snapshots[0].id.description])
      var limits = RetentionLimits()
      limits.snapshots = 1
      let freed = try Cleanup.run(nil, spool: harness.spool.path, limits, stop: {})
      #expect(names(freed.removed) == [snapshots[1].id.description])
      #expect(try SpoolIndex.snapshots(harness.spool.path) == [snapshots[2].id])
    }
  }

  @Test("with a pending migration: 78, and nothing is removed")
  func pendingMigration() throws {
    try LoadHarness.with { harness in
      _ = try days(harness, 3)
      try harness.database.execute(
        "DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)")
      let failure = try #require(throws: Failure.self) { try cleanUp(harness, keep: 1) }
      #expect(failure.category == .configuration)
      #expect(try SpoolIndex.snapshots(harness.spool.path).count == 3)
    }
  }

  @Test("loads and clean-ups work with a logical-replication publication FOR ALL TABLES", .needsOwnServer)
  func allTablesPublished() throws {
    try LoadHarness.withDatabase { harness in
      try harness.database.execute("CREATE PUBLICATION everything FOR ALL TABLES")
      var harness = harness
      harness.maxRejects = .percent(100)
      for day in 0..<3 {
        let finding = TestSpool.finding("MISSING_NAME", "error", raw: "x")
        try harness.load(
          businesses(200 - day), .init(sourceDate: "2026-09-\(10 + day)", findings: [1: [finding]], failed: 1))
      }
      try harness.expect(businesses(198))
      try harness.database.execute(
        """
        UPDATE etl_job_run SET completed_at = completed_at - interval '100 days';
        UPDATE publication SET published_at = published_at - interval '100 days'
        """)
      let freed = try cleanUp(harness, keep: 7) { $0.feedDays = 99 }
      #expect(freed.findings > 0 && freed.changes > 0, "\(freed)")
    }
  }

  @Test("findings and feed are kept for the given number of days, the feed forever by default")
  func database() throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.maxRejects = .percent(100)
      for day in 0..<4 {
        let finding = TestSpool.finding("MISSING_NAME", "error", raw: "x")
        try harness.load(
          businesses(200 + day), .init(sourceDate: "2026-09-\(10 + day)", findings: [1: [finding]], failed: 1))
      }
      // Dates the first two back by 100 days.
      try harness.database.execute(
        """
        UPDATE etl_job_run SET completed_at = completed_at - interval '100 days' WHERE id <= 2;
        UPDATE publication SET published_at = published_at - interval '100 days' WHERE id <= 2
        """)
      var freed = try cleanUp(harness, keep: 7) { $0.findingsDays = 101 }
      #expect(freed.findings == 0)
      freed = try cleanUp(harness, keep: 7)
      #expect(freed.findings == 2 && freed.changes == 0)
      #expect(try harness.database.rows("SELECT DISTINCT job_run_id FROM data_import_error ORDER BY 1") == ["3", "4"])
      freed = try cleanUp(harness, keep: 7) { $0.feedDays = 99 }
      #expect(freed.findings == 0 && freed.changes == 1)
      #expect(
        try harness.database.rows(
          "SELECT feed_expired_at IS NOT NULL, (SELECT count(*) FROM registration_change c WHERE c.job_run_id = p.job_run_id) FROM publication p ORDER BY id"
        ) == ["t|0", "t|0", "f|1", "f|1"])
      // registry_as_of refuses days that the feed no longer covers, and answers later ones.
      #expect(throws: PostgresError.self) {
        try harness.database.rows("SELECT count(*) FROM registry_as_of('2026-09-10')")
      }
      #expect(try harness.database.rows("SELECT count(*) FROM registry_as_of('2026-09-12')") == ["202"])
    }
  }
}
