import Glibc
import Postgres
import SeededRandom
import Spool
import Synchronization
import TestCluster
import TestSupport
import Testing

/// Full disks: of the server's tables, of the server's write-ahead log, and of the spool right after the COMMIT.
@Suite(
  .enabled(if: SmallDisk.isPossible, "this process may not mount"),
  .enabled(if: OwnServer.isAvailable, "\(OwnServer.unavailable ?? "")"))
struct FullDiskTests {
  /// Returns a small disk that the server may access.
  private func disk(bytes: Int) throws -> SmallDisk {
    let disk = try #require(SmallDisk(bytes: bytes))
    chmod(disk.scratch.path, 0o755)
    return disk
  }

  /// Returns two days whose spool is on the disk.
  private func days(on disk: SmallDisk) throws -> TwoDays {
    var days = try TwoDays()
    try Files.copy(days.workshop.spool, to: disk.path + "/spool")
    days.move(to: disk.path + "/spool")
    return days
  }

  @Test(arguments: [Way.bulk, .reconcile])
  func aFullDiskOfTheTablesIs75AndTheSameCommandSucceedsWithSpace(_ way: Way) throws {
    let disk = try disk(bytes: 64 << 20)
    let data = disk.path + "/data"
    mkdir(data, 0o755)
    // The write-ahead log has a disk of its own, so that the server keeps running.
    let roomy = try self.disk(bytes: 64 << 20)
    mkdir(roomy.path + "/wal", 0o755)
    let server = try OwnServer(data: data, wal: roomy.path + "/wal")
    // Stops the server before its disks are removed.
    defer { withExtendedLifetime((disk, roomy)) { _ = try? server.stopImmediately() } }
    let days = try TwoDays()
    try days.prepare(way, server.url())
    if way == .bulk {
      #expect(try days.load(server.url(), days.arguments(way) + ["--max-rejects", "0"]).code == 65)
    }
    let before = try Holdings.published(server.url())
    disk.fill(leaving: 40_000)
    let ended = try days.load(server.url(), days.arguments(way))
    expect(ended, from: "load", fails: 75, saying: "SQLSTATE 53100")
    #expect(ended.stderr.contains("free some space on the database server"), "\(ended)")
    #expect(try Holdings.published(server.url()) == before)
    disk.free()
    try days.succeed(server.url(), days.arguments(way))
    try expectHoldings(server.url(), after: way)
  }

  /// The server itself shuts down, and starts again only once there is space.
  @Test(arguments: Drawn.areAll ? [Way.bulk, .reconcile] : [.bulk])
  func aFullWALDiskIs75AndTheSameCommandSucceedsWithSpace(_ way: Way) throws {
    let disk = try disk(bytes: 24 << 20)
    let wal = disk.path + "/wal"
    mkdir(wal, 0o755)
    let server = try OwnServer(["wal_recycle = off"], wal: wal)
    defer { withExtendedLifetime(disk) { _ = try? server.stopImmediately() } }
    let days = try TwoDays()
    try days.prepare(way, server.url())
    if way == .bulk {
      #expect(try days.load(server.url(), days.arguments(way) + ["--max-rejects", "0"]).code == 65)
    }
    let before = try Holdings.published(server.url())
    // When the load starts to copy rows.
    let wire = FaultyWire(
      to: server.folder, at: .rows(1),
      .before {
        disk.fill(leaving: 0)
        // Another session uses up the rest of the current WAL segment.
        _ = try? server.execute("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 40000)")
      })
    let ended = try days.load(server.url(host: wire.folder), days.arguments(way))
    #expect(wire.isOver)
    expect(ended, from: "load", fails: 75)
    disk.free()
    try? server.stopImmediately()
    try server.start()
    try server.execute("DROP TABLE IF EXISTS filler")
    #expect(try Holdings.published(server.url()) == before)
    try days.succeed(server.url(), days.arguments(way))
    try expectHoldings(server.url(), after: way)
  }

  @Test(.enabled(if: TestCluster.isOwn, "the server is not ours"))
  func aFullSpoolAfterTheCommitIsReportedAndTheNextLoadWritesTheFiles() throws {
    let folder = try #require(TestCluster.shared.get().socketFolder)
    try TestDatabase.with { database in
      let disk = try disk(bytes: 8 << 20)
      let days = try days(on: disk)
      try days.prepare(.reconcile, database.url)
      let wire = FaultyWire(to: folder, at: .publishingCommit, .before { disk.fill(leaving: 0) })
      let url = database.url.replacing(folder, with: wire.folder)
      let ended = try days.load(url, days.arguments(.reconcile))
      #expect(ended.code == 0 && wire.isOver, "\(ended)")
      #expect(
        ended.stderr.contains("files could not be written")
          && ended.stderr.contains("no space left"), "\(ended)")
      try expectHoldings(database.url, after: .reconcile)
      #expect(try manifests(days.second.changesFolder) == 0)
      disk.free()
      let next = try days.succeed(database.url, days.arguments(.reconcile))
      #expect(next.stdout.contains("already done") && !next.stderr.contains("could not be written"), "\(next)")
      #expect(try manifests(days.second.changesFolder) == 1)
    }
  }

  @Test func aRollbackIsPossibleOnAFullSpoolDisk() throws {
    try TestDatabase.with { database in
      let disk = try disk(bytes: 8 << 20)
      let days = try days(on: disk)
      try days.prepare(.rollback, database.url)
      disk.fill(leaving: 0)
      try days.succeed(database.url, days.arguments(.rollback))
      try expectHoldings(database.url, after: .rollback)
    }
  }
}
