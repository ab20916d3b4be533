import Glibc
import Postgres
import Support
import TestCluster
import Testing

/// The settings with which every transaction begins, and which must not stay in the session.
@Suite("Transaction settings", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct TransactionTests {
  private func open(_ database: TestDatabase, _ settings: TransactionSettings = TransactionSettings()) throws
    -> Connection
  {
    try Connection.open(try DatabaseAddress(database.url), applicationName: database.name, settings: settings)
  }

  /// Selects settings that outlast a transaction in the session.
  private let left = """
    SELECT string_agg(name, ', ') FROM pg_settings WHERE source = 'session' AND name <> 'search_path'
    """

  @Test("a table that is replaced between the snapshot and its lock is read whole", .timeLimit(.minutes(1)))
  func replacedTable() throws {
    try TestDatabase.with { database in
      var other = try database.open()
      try other.execute(
        """
        CREATE TABLE t AS SELECT 'old' AS a FROM generate_series(1, 3);
        CREATE TABLE t_bulk AS SELECT 'new' AS a FROM generate_series(1, 5)
        """)
      try other.execute("BEGIN; LOCK TABLE t")
      let settings = TransactionSettings(["search_path": "\(database.name), pg_temp"])
      let address = try DatabaseAddress(database.url)
      let reading = BackgroundTask { _ in
        var session = try Connection.open(address, applicationName: database.name, settings: settings)
        return try session.snapshot(of: ["t"]) { session in
          try session.execute("SELECT a, count(*) FROM t GROUP BY a").values.map { $0.compactMap(\.self) }
        }
      }
      let waits = """
        SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(database.name)' AND wait_event_type = 'Lock'
        """
      while try database.scalar(waits) != "1" {}
      // Before the lock is free, rows that only later snapshots show are in the new table.
      try database.execute("INSERT INTO t_bulk SELECT 'late'")
      try other.execute("DROP TABLE t; ALTER TABLE t_bulk RENAME TO t; COMMIT")
      #expect(try reading.value().sorted { $0[0] < $1[0] } == [["late", "1"], ["new", "5"]])
    }
  }

  @Test("they apply in every transaction, and none of them stays in the session")
  func nothingStays() throws {
    try TestDatabase.with { database in
      var settings = TransactionSettings(["statement_timeout": "7s", "search_path": "\(database.name), pg_temp"])
      settings.role = "none"
      var session = try open(database, settings)
      for name in ["DateStyle", "TimeZone", "statement_timeout", "row_security", "transaction_isolation"] {
        let value = try session.execute("SHOW \(name)").scalar
        #expect(
          value
            == [
              "DateStyle": "ISO, YMD", "TimeZone": "UTC", "statement_timeout": "7s", "row_security": "off",
              "transaction_isolation": "read committed",
            ][name])
      }
      try session.execute("CREATE TABLE t (a int)")
      _ = try session.copyIn("COPY t FROM STDIN") { sink in
        try Array("1\n2\n".utf8).withUnsafeBytes { try sink.write($0) }
      }
      var rows = 0
      try session.copyOut("COPY (SELECT a FROM t) TO STDOUT") { _ in rows += 1 }
      #expect(rows == 2)
      #expect(throws: PostgresError.self) { try session.execute("SELECT 1/0") }
      #expect(throws: PostgresError.self) { try session.copyOut("COPY (SELECT 1/0 FROM t) TO STDOUT") { _ in } }
      session.settings = nil
      #expect(try session.execute(left).scalar == nil)
      #expect(try session.execute("SHOW statement_timeout").scalar == "0")
      #expect(
        try session.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
          .number == 0)
    }
  }

  @Test("role defaults do not override them", .enabled(if: TestCluster.isOwn))
  func defaults() throws {
    try TestDatabase.with { database in
      try database.execute("CREATE ROLE \(database.name) LOGIN SUPERUSER")
      defer { _ = try? database.execute("DROP OWNED BY \(database.name); DROP ROLE \(database.name)") }
      for setting in [
        "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
        "default_transaction_deferrable = on", "statement_timeout = '200ms'", "DateStyle = 'German, DMY'",
        "TimeZone = 'Asia/Taipei'", "bytea_output = 'escape'", "standard_conforming_strings = off",
        "quote_all_identifiers = on", "array_nulls = off", "transform_null_equals = on", "exit_on_error = on",
        "idle_in_transaction_session_timeout = '200ms'",
      ] { try database.execute("ALTER ROLE \(database.name) SET \(setting)") }
      var session = try Connection.open(
        try DatabaseAddress(database.url(user: database.name)), applicationName: database.name,
        settings: TransactionSettings(["search_path": database.name]))
      try session.transaction { session in
        usleep(300_000)
        try session.execute("CREATE TABLE t AS SELECT '2026-09-01'::date AS d, 'a\\b' AS t, '\\xff'::bytea AS b")
        #expect(try session.execute("SELECT * FROM t").values == [["2026-09-01", "a\\b", "\\xff"]])
        #expect(try session.execute("SHOW transaction_isolation").scalar == "read committed")
        #expect(
          try session.execute("SELECT quote_ident('a'), ('{NULL}'::text[])[1], (NULL = NULL)").values == [
            ["a", nil, nil]
          ])
        #expect(try session.execute("SELECT pg_sleep(0.3)").values.count == 1)
      }
      #expect(throws: PostgresError.self) { try session.execute("SELECT 1/0") }
      #expect(try session.execute("SELECT 1").number == 1)
    }
  }

  @Test(
    "a session that the server ended because it was idle is opened again", .enabled(if: TestCluster.isOwn),
    .timeLimit(.minutes(1)))
  func idle() throws {
    try TestDatabase.with { database in
      var session = try open(database)
      let first = session.processID
      // For this session alone: the one that replaces it may be idle for as long as the machine is busy.
      try session.execute("SET idle_session_timeout = '10ms'")
      let isThere = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(first)"
      while try database.scalar(isThere) != "0" {}
      #expect(try session.execute("SELECT 2").number == 2)
      let second = session.processID
      #expect(first != second)
    }
  }

  @Test("a read-only transaction cannot write")
  func readOnly() throws {
    try TestDatabase.with { database in
      var settings = TransactionSettings()
      settings.isReadOnly = true
      var session = try open(database, settings)
      var sqlState: String?
      do { try session.execute("CREATE TABLE t (a int)") } catch let error as PostgresError {
        sqlState = error.sqlState
      }
      #expect(sqlState == "25006")
    }
  }

  @Test(
    "a table lock belongs to one session, blocks no reads or writes, and does not hold back VACUUM",
    .timeLimit(.minutes(1)))
  func lock() throws {
    try TestDatabase.with { database in
      try database.execute("CREATE TABLE t (a int)")
      var first = try open(database)
      var second = try open(database)
      #expect(try first.lockTable("t"))
      #expect(try !second.lockTable("t"))
      let holder = try second.lockHolder("t")
      #expect(holder?.processID == Int(first.processID))
      #expect(holder?.description.contains("'\(database.name)'") == true)
      #expect(holder?.mayLock == true)
      try database.execute("INSERT INTO t VALUES (1); UPDATE t SET a = 2; SELECT * FROM t FOR UPDATE")
      #expect(
        try database.rows(
          "SELECT backend_xid, backend_xmin, state FROM pg_stat_activity WHERE pid = \(first.processID)")
          == ["-|-|idle in transaction"])
      let process = first.processID
      let lock = TableLock(first)
      try lock.requireHeld()
      try database.execute("SELECT pg_terminate_backend(\(process))")
      #expect(throws: PostgresError.self) { try lock.requireHeld() }
      while try !second.lockTable("t") {}
      second.endTransaction()
      #expect(try second.lockHolder("t") == nil)
    }
  }
}
