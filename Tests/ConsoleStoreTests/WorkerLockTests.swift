import ConsoleRunner
import Foundation
import Logging
import Postgres
import TestCluster
import Testing

@Suite("The worker's lock", .enabled(if: TestCluster.isOwn, "it takes a server of our own"))
struct WorkerLockTests {
  @Test("an idle worker leaves it for a VACUUM that waits, and takes it again", .timeLimit(.minutes(1)))
  func renewed() throws {
    let spool = FileManager.default.temporaryDirectory.appending(path: "worker-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: spool) }
    try ConsoleStoreHarness.with { database, connection in
      var settings = Worker.Settings(
        target: try DatabaseAddress(database.url), home: try ConsoleStateFolder(spool: spool.path()),
        pipeline: "/bin/false",
        console: "/bin/false")
      settings.lockDuration = .zero
      let worker = Worker(settings, logger: Logger(label: "worker"))
      #expect(worker.start())
      defer {
        worker.stop()
        worker.join()
      }
      let isHeld = """
        SELECT EXISTS (SELECT FROM pg_locks WHERE granted AND mode = 'ShareUpdateExclusiveLock'
          AND relation = 'console.worker_lock'::regclass AND pid <> pg_backend_pid())
        """
      while try !connection.execute(isHeld).truth {}
      // One that never gets its turn ends.
      try connection.execute("SET statement_timeout = '40s'")
      try connection.execute("VACUUM console.worker_lock")
      while try !connection.execute(isHeld).truth {}
    }
  }

  @Test("what waits for it holds up no page and no schedule", .timeLimit(.minutes(1)))
  func nobodyWaitsBehindIt() throws {
    try ConsoleStoreHarness.with { database, connection in
      var worker = try database.open()
      #expect(try worker.lockTable("console.worker_lock"))
      try connection.execute("SET statement_timeout = '40s'")
      for table in ["schedule", "task", "session"] { try connection.execute("REINDEX TABLE console.\(table)") }
      #expect(try !connection.lockTable("console.worker_lock"))
      worker.endTransaction()
    }
  }
}
