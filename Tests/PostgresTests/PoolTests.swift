import Dispatch
import Postgres
import TestCluster
import Testing

@Suite("A pool of sessions", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct PoolTests {
  private func pool(_ database: TestDatabase, size: Int, waitingLimit: Int = 200) throws -> Pool {
    Pool(try DatabaseAddress(database.url), applicationName: database.name, size: size, waitingLimit: waitingLimit)
  }

  @Test("many callers share few sessions, and each gets its own answer")
  func sharing() async throws {
    try await TestDatabase.withAsync { database in
      let pool = try pool(database, size: 3)
      defer { pool.close() }
      let answers = try await withThrowingTaskGroup(of: (Int, Int, Int32).self) { group in
        for number in 0..<60 {
          group.addTask {
            try await pool.run { connection in
              (number, try connection.execute("SELECT $1::int", ["\(number)"]).number ?? -1, connection.processID)
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count == 60)
      #expect(answers.allSatisfy { $0.0 == $0.1 })
      #expect(Set(answers.map(\.2)).count <= 3)
    }
  }

  @Test("an error reaches only its caller, and a dead session is replaced")
  func errors() async throws {
    try await TestDatabase.withAsync { database in
      let pool = try pool(database, size: 1)
      defer { pool.close() }
      await #expect(throws: PostgresError.self) { try await pool.run { _ = try $0.execute("SELEC") } }
      let first = try await pool.run { $0.processID }
      await #expect(throws: PostgresError.self) {
        try await pool.run { _ = try $0.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
      }
      let second = try await pool.run { $0.processID }
      #expect(first != second)
      // A session left in a transaction is not reused.
      let third = try await pool.run { connection in
        try connection.beginTransaction()
        return connection.processID
      }
      let fourth = try await pool.run { connection in (connection.processID, connection.isInTransaction) }
      #expect(third == second)
      #expect(fourth.0 != third && !fourth.1)
    }
  }

  @Test("a session that the server ended while it was idle is replaced before use", .timeLimit(.minutes(1)))
  func endedWhileIdle() async throws {
    try await TestDatabase.withAsync { database in
      let pool = try pool(database, size: 1)
      defer { pool.close() }
      let first = try await pool.run { try $0.execute("SELECT pg_backend_pid()").number ?? -1 }
      try database.execute("SELECT pg_terminate_backend(\(first))")
      while try database.scalar("SELECT count(*) FROM pg_stat_activity WHERE pid = \(first)") != "0" {}
      let second = try await pool.run { try $0.execute("SELECT pg_backend_pid()").number ?? -1 }
      #expect(second != first)
    }
  }

  @Test(
    "cancelling a caller's task cancels its statement on the server, and the session is reused",
    .timeLimit(.minutes(1)))
  func cancelled() async throws {
    try await TestDatabase.withAsync { database in
      let pool = try pool(database, size: 1)
      let first = try await pool.run { connection in
        try connection.execute("SELECT 1")
        return connection.processID
      }
      let waiting = Task { try await pool.run { _ = try $0.execute("SELECT pg_sleep(3600)") } }
      let isActive = """
        SELECT count(*) FROM pg_stat_activity
        WHERE pid = \(first) AND query LIKE 'SELECT pg_sleep%' AND state = 'active'
        """
      while try database.scalar(isActive) != "1" {}
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      let second = try await pool.run { try $0.execute("SELECT pg_backend_pid()").number }
      #expect(second == Int(first))
      pool.close()
      let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(database.name)'"
      while try database.scalar(left) != "0" {}
    }
  }

  @Test("if the server grants fewer sessions than the pool may have, callers wait for those", .timeLimit(.minutes(1)))
  func fewSessions() async throws {
    guard TestCluster.isOwn else { return }
    try await TestDatabase.withAsync { database in
      let role = "few_" + database.name
      try database.execute("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 1")
      let pool = Pool(try DatabaseAddress(database.url(user: role)), applicationName: database.name, size: 4)
      _ = try await pool.run { try $0.execute("SELECT 1") }
      let answers = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<40 {
          group.addTask { try await pool.run { try $0.execute("SELECT \(number)").number ?? -1 } }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(answers == Set(0..<40))
      pool.close()
      while try database.scalar("SELECT count(*) FROM pg_stat_activity WHERE usename = '\(role)'") != "0" {}
      try database.execute("DROP ROLE \(role)")
    }
  }

  @Test("a closed pool leaves no threads behind")
  func closing() async throws {
    try await TestDatabase.withAsync { database in
      weak var left: Pool?
      do {
        let pool = try pool(database, size: 3)
        left = pool
        _ = try await pool.run { $0.processID }
        pool.close()
      }
      // A running thread would retain its pool.
      #expect(left == nil)
    }
  }

  @Test("callers beyond the limit, and those of a closed pool, get an error")
  func limits() async throws {
    try await TestDatabase.withAsync { database in
      let pool = try pool(database, size: 1, waitingLimit: 1)
      let goOn = DispatchSemaphore(value: 0)
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      let working = Task {
        try await pool.run { _ in
          begin.finish()
          goOn.wait()
        }
      }
      for await _ in begun {}
      // One caller may wait, so one of two more is refused.
      let others = (0..<2).map { _ in Task { try await pool.run { _ in } } }
      var full = 0
      for await isFull in Self.finalized(others, while: goOn) where isFull { full += 1 }
      try await working.value
      #expect(full == 1)
      pool.close()
      await #expect(throws: Pool.Closed.self) { try await pool.run { _ in } }
    }
  }

  /// Returns for each task whether it was refused. The first refusal lets the working session continue.
  private static func finalized(_ tasks: [Task<Void, any Error>], while goOn: DispatchSemaphore) -> AsyncStream<Bool> {
    AsyncStream { stream in
      Task {
        await withTaskGroup(of: Bool.self) { group in
          for task in tasks {
            group.addTask { if case .failure(let error) = await task.result { error is Pool.Full } else { false } }
          }
          for await isFull in group {
            if isFull { goOn.signal() }
            stream.yield(isFull)
          }
        }
        stream.finish()
      }
    }
  }
}
