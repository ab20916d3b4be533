import Dispatch
import Postgres
import TestCluster
import Testing

@Suite("A pool of sessions", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct PoolTests {
  private func pool(_ database: TestDatabase, size: Int, waitingLimit: Int = 200) throws -> Pool {
    Pool(try Target(database.url), applicationName: database.name, size: size, waitingLimit: waitingLimit)
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

  @Test("an error reaches its caller alone, and a session that died is replaced")
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
      // One left in a transaction serves nobody else.
      let third = try await pool.run { connection in
        _ = try connection.execute("BEGIN")
        return connection.processID
      }
      let fourth = try await pool.run { connection in (connection.processID, connection.isInTransaction) }
      #expect(third == second)
      #expect(fourth.0 != third && !fourth.1)
    }
  }

  @Test("too many callers are told so, and those of a closed pool too")
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
      // One may wait; of two more, one is too many.
      let others = (0..<2).map { _ in Task { try await pool.run { _ in } } }
      var full = 0
      for await isFull in Self.settled(others, while: goOn) where isFull { full += 1 }
      try await working.value
      #expect(full == 1)
      pool.close()
      await #expect(throws: Pool.Closed.self) { try await pool.run { _ in } }
    }
  }

  /// Whether each was turned away; the first to be so lets the session go on.
  private static func settled(_ tasks: [Task<Void, any Error>], while goOn: DispatchSemaphore) -> AsyncStream<Bool> {
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

  @Test("a session hears of what it listens to, and of nothing for as long as it is told")
  func notifications() throws {
    try TestDatabase.with { database in
      var session = try database.open()
      try session.execute("LISTEN \(database.name)")
      let quiet = try session.waitForNotification(seconds: 0.01)
      #expect(quiet.isEmpty)
      try database.execute("NOTIFY \(database.name); NOTIFY another")
      let heard = try session.waitForNotification(seconds: 30)
      #expect(heard == [database.name])
    }
  }
}
