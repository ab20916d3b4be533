import Postgres
import Synchronization
import TestCluster
import Testing

@Suite("Settings of a transaction", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct SettingsTests {
  private func open(_ database: TestDatabase, _ settings: [String: String]) throws -> Connection {
    try Connection.open(
      try DatabaseAddress(database.url), applicationName: database.name, settings: TransactionSettings(settings))
  }

  @Test("a setting that the server does not know is left out and reported once, and the others apply")
  func unknown() throws {
    try TestDatabase.with { database in
      var session = try open(database, ["setting_of_a_later_version": "on", "lock_timeout": "7s"])
      let reports = Mutex<[String]>([])
      session.report = { line in reports.withLock { $0.append(line) } }
      for _ in 0..<2 { #expect(try session.execute("SHOW lock_timeout").scalar == "7s") }
      #expect(
        reports.withLock { $0 } == [
          "the server refuses these settings, which are left out: setting_of_a_later_version"
        ])
    }
  }

  @Test("a refused value is left out if the setting only helps, and is an error otherwise")
  func refusedValue() throws {
    try TestDatabase.with { database in
      var session = try open(database, ["client_connection_check_interval": "-5", "lock_timeout": "7s"])
      #expect(try session.execute("SHOW lock_timeout").scalar == "7s")
      var other = try open(database, ["bytea_output": "nonsense"])
      let error = #expect(throws: PostgresError.self) { try other.execute("SELECT 1") }
      #expect(error?.sqlState == "22023")
    }
  }
}
