import ConsoleRunner
import Foundation
import Logging
import Postgres
import TestCluster
import Testing

@Suite("The worker's lock", .enabled(if: TestCluster.isOwn, "needs its own PostgreSQL server"))
struct WorkerLockTests {
  @Test("an idle worker releases it for a waiting VACUUM and acquires it again", .timeLimit(.minutes(1)))
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
      // A VACUUM that never gets the lock fails.
      try connection.execute("SET statement_timeout = '40s'")
      try connection.execute("VACUUM console.worker_lock")
      while try !connection.execute(isHeld).truth {}
    }
  }

  @Test("it does not block statements on other tables of the console", .timeLimit(.minutes(1)))
  func otherTablesAreNotBlocked() throws {
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
