import CommandKit
import LoadStage
import Records
import Spool
import Support
import TestCluster
import Testing

@Suite("Readers during loads", .needsServer)
struct ReadersTests {
  /// Loads while a reader reads and the locks are recorded.
  private struct Watched {
    let harness: LoadHarness
    let reader: ConcurrentReader
    let locks: LockWatch

    /// - Returns: the lock modes by point.
    func load(
      _ snapshot: SnapshotFolder, _ change: (inout LoadSettings) -> Void = { _ in }
    ) throws -> [LoadPoint: Set<String>] {
      try harness.load(snapshot) { settings in
        settings.applicationName = locks.applicationName
        settings.atPoints { [reader, locks] point in
          try locks.record(point)
          // Everything is written, and nothing is committed.
          if point == .publishing { reader.waitForALook() }
        }
        change(&settings)
      }
      return locks.recorded()
    }
  }

  private static let first = businesses(150)

  private static var changed: [Business] {
    var rows = first.filter { $0.ban != "10000004" } + [Business("20000000", "new")]
    rows[5].name = "second"
    rows[6].industries = ["561112"]
    return rows
  }

  private static var everyOneChanged: [Business] {
    changed.map { business in
      var business = business
      business.name += "!"
      business.industries = ["", "631211"]
      return business
    }
  }

  /// Runs `body` after the initial load, with a user's view and referencing table on the registry.
  private func watched(_ body: (Watched, _ read: () throws -> Void) throws -> Void) throws {
    try LoadHarness.with { harness in
      try harness.load(Self.first)
      try harness.database.execute(
        """
        CREATE VIEW names AS SELECT ban, business_name FROM tax_registration;
        CREATE TABLE favourite (ban text COLLATE "C" REFERENCES tax_registration ON DELETE SET NULL);
        INSERT INTO favourite VALUES ('10000003'), ('10000004')
        """)
      var published: [String] = []
      let seen = try ConcurrentReader.with(harness.database) { reader in
        let read = {
          published.append(try #require(try harness.database.scalar(ConcurrentReader.statement)))
          reader.waitForALook()
        }
        try read()
        try body(Watched(harness: harness, reader: reader, locks: LockWatch(harness.database)), read)
      }
      // The reader saw exactly the published states.
      #expect(seen == published)
      #expect(Set(published).count == published.count)
      // The user's view and foreign key still work.
      let differing = """
        SELECT count(*) FROM names n FULL JOIN tax_registration r USING (ban) WHERE n.business_name IS DISTINCT FROM r.business_name
        """
      #expect(try harness.database.scalar(differing) == "0")
      let key = """
        SELECT convalidated, confrelid = 'tax_registration'::regclass FROM pg_constraint
        WHERE conrelid = 'favourite'::regclass AND contype = 'f'
        """
      #expect(try harness.database.rows(key) == ["t|t"])
      #expect(throws: (any Error).self) { try harness.database.execute("INSERT INTO favourite VALUES ('88888888')") }
    }
  }

  private static let harmless: Set = ["AccessShareLock", "RowShareLock", "RowExclusiveLock"]

  private func expectHarmless(
    _ locks: [LoadPoint: Set<String>], writes: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (point, modes) in locks {
      #expect(modes.isSubset(of: Self.harmless), "\(point)", sourceLocation: sourceLocation)
    }
    // The watch does see the locks of a load.
    #expect((locks[.publishing]?.contains("RowExclusiveLock") ?? false) == writes, sourceLocation: sourceLocation)
  }

  @Test("a day with changes, then one without")
  func dayOfChanges() throws {
    try watched { load, read in
      let snapshot = try load.harness.spool.snapshot(Self.changed, .init(sourceDate: "2026-09-02"))
      let locks = try load.load(snapshot)
      expectHarmless(locks)
      #expect(locks.keys.contains(.batchStaged(15)) && locks.keys.contains(.batchCommitted(15)))
      #expect(locks.keys.contains(.jobOpened) && locks.keys.contains(.published))
      try read()
      // Registry and feed are unchanged; only the publication is new.
      expectHarmless(try load.load(snapshot) { $0.force = true })
      try read()
      #expect(try load.harness.database.rows("SELECT ban FROM favourite ORDER BY 1") == ["10000003", "-"])
    }
  }

  @Test("a day on which every business changes, accepted")
  func everythingChanges() throws {
    try watched { load, read in
      let snapshot = try load.harness.spool.snapshot(Self.everyOneChanged, .init(sourceDate: "2026-09-02"))
      let acceptance = Acceptance(reason: "all codes were re-issued", user: "tester")
      expectHarmless(try load.load(snapshot) { $0.acceptance = acceptance })
      try read()
      #expect(try load.harness.database.scalar("SELECT count(*) FROM names WHERE business_name LIKE '%!'") == "150")
    }
  }

  @Test("a rollback")
  func rollback() throws {
    try watched { load, read in
      expectHarmless(try load.load(try load.harness.spool.snapshot(Self.changed, .init(sourceDate: "2026-09-02"))))
      try read()
      let target = try Rollback.target(load.harness.database.url, spool: load.harness.spool.path, stop: {})
      expectHarmless(try load.load(target) { $0.action = .rollback })
      try read()
      try load.harness.expect(Self.first)
    }
  }

  @Test("refused snapshots")
  func refused() throws {
    try watched { load, read in
      for (rows, date) in [(Self.everyOneChanged, "2026-09-02"), (Self.changed, "2026-08-31"), ([], "2026-09-02")] {
        let snapshot = try load.harness.spool.snapshot(rows, .init(sourceDate: date))
        #expect(throws: Failure.self) { _ = try load.load(snapshot) }
        let locks = load.locks.recorded()
        #expect(!locks.isEmpty)
        #expect(locks[.publishing] == nil)
        expectHarmless(locks, writes: false)
        load.reader.waitForALook()
      }
      try load.harness.expect(Self.first)
    }
  }

  @Test("corrections applied, then withdrawn")
  func corrections() throws {
    try watched { load, read in
      let harness = load.harness
      func published() throws -> SnapshotFolder {
        try PublishedSnapshot.find(harness.database.url, spool: harness.spool.path, stop: {})
      }
      let sheet = try CorrectionSheet.of(["10000005"])
      expectHarmless(
        try load.load(published()) {
          $0.action = .replay
          $0.sheet = sheet
        })
      try read()
      #expect(try harness.database.scalar("SELECT business_name FROM names WHERE ban = '10000005'") == "corrected")
      expectHarmless(
        try load.load(published()) {
          $0.action = .withdraw
          $0.withdrawn = [10_000_005]
        })
      try read()
      try harness.expect(Self.first)
    }
  }

  @Test("rows edited by hand are repaired")
  func repair() throws {
    try watched { load, read in
      try load.harness.database.execute(
        """
        DELETE FROM tax_registration WHERE ban = '10000007';
        UPDATE tax_registration SET capital_amount = 1 WHERE ban = '10000008'
        """)
      try read()
      let snapshot = try load.harness.spool.snapshot(Self.first, .init(sourceDate: "2026-09-02"))
      expectHarmless(try load.load(snapshot) { $0.verify = true })
      try read()
      try load.harness.expect(Self.first)
    }
  }
}
