import Postgres
import Synchronization
import TestCluster
import Testing

@Suite("COPY", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct CopyTests {
  private struct Oops: Error {}

  private func withTable(_ body: (TestDatabase, inout Connection) throws -> Void) throws {
    try TestDatabase.with { database in
      var session = try database.open()
      try session.execute("CREATE TABLE t (a text COLLATE \"C\")")
      try body(database, &session)
    }
  }

  private func write(_ text: String, _ sink: inout CopySink) throws {
    try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
  }

  @Test("rows are copied in and out, wherever their bytes are split")
  func roundTrip() throws {
    try withTable { _, session in
      let text = "one\n\\N\ntab\\there\n統一編號\n𥂁\n\n"
      let rows = try session.copyIn("COPY t FROM STDIN") { sink in
        for byte in Array(text.utf8) { try withUnsafeBytes(of: byte) { try sink.write($0) } }
      }
      #expect(rows == 6)
      var lines: [String] = []
      let count = try session.copyOut("COPY (SELECT a FROM t) TO STDOUT") {
        lines.append(String(decoding: $0, as: UTF8.self))
      }
      #expect(count == 6)
      #expect(lines == ["one", "\\N", "tab\\there", "統一編號", "𥂁", ""])
    }
  }

  @Test("more data than a buffer holds is copied both ways")
  func large() throws {
    try withTable { _, session in
      let block = Array(String(repeating: String(repeating: "x", count: 99) + "\n", count: 10_000).utf8)
      let rows = try session.copyIn("COPY t FROM STDIN") { sink in
        for _ in 0..<20 { try block.withUnsafeBytes { try sink.write($0) } }
      }
      #expect(rows == 200_000)
      var bytes = 0
      #expect(try session.copyOut("COPY t TO STDOUT") { bytes += $0.count } == 200_000)
      #expect(bytes == 200_000 * 99)
    }
  }

  @Test("an error in the caller aborts it, and no rows stay")
  func abort() throws {
    try withTable { _, session in
      #expect(throws: Oops.self) {
        _ = try session.copyIn("COPY t FROM STDIN") { sink in
          try write("one\n", &sink)
          throw Oops()
        }
      }
      #expect(try session.execute("SELECT count(*) FROM t").number == 0)
      try session.execute("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
      #expect(throws: Oops.self) { try session.copyOut("COPY t TO STDOUT") { _ in throw Oops() } }
      #expect(try session.execute("SELECT count(*) FROM t").number == 20_000)
    }
  }

  @Test("the error for a refused row has its line number")
  func refused() throws {
    try withTable { _, session in
      for size in [10, 300_000] {
        do {
          _ = try session.copyIn("COPY t FROM STDIN") { sink in
            try write("one\nto\to many\n", &sink)
            for _ in 0..<size { try write("and it goes on\n", &sink) }
          }
          Issue.record("the rows were accepted")
        } catch {
          let error = try #require(error as? PostgresError)
          #expect(error.sqlState == "22P04")
          #expect(error.context?.contains("line 2") == true)
        }
        #expect(try session.execute("SELECT count(*) FROM t").number == 0)
      }
      #expect(throws: PostgresError.self) { _ = try session.copyIn("COPY nothing_here FROM STDIN") { _ in } }
      #expect(throws: PostgresError.self) { _ = try session.copyIn("SELECT 1") { _ in } }
      #expect(throws: PostgresError.self) { try session.execute("COPY t FROM STDIN") }
      #expect(throws: PostgresError.self) { try session.execute("COPY t TO STDOUT") }
      #expect(throws: PostgresError.self) { try session.copyOut("SELECT 1") { _ in } }
      #expect(try session.execute("SELECT count(*) FROM t").number == 0)
    }
  }

  @Test("a session that is killed during COPY gives a retryable error")
  func killed() throws {
    try withTable { database, session in
      let process = session.processID
      do {
        _ = try session.copyIn("COPY t FROM STDIN") { sink in
          try write("one\n", &sink)
          try database.execute("SELECT pg_terminate_backend(\(process))")
          for _ in 0..<200_000 { try write("and it goes on\n", &sink) }
        }
        Issue.record("the rows were accepted")
      } catch {
        #expect((error as? PostgresError)?.kind == .temporary)
      }
      let isLost = session.isLost
      #expect(isLost)
    }
  }

  @Test("a stop ends it while the server is not reading")
  func stop() throws {
    try withTable { database, session in
      var blocker = try database.open()
      try blocker.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
      let asked = Mutex(0)
      session.stop = {
        try asked.withLock {
          $0 += 1
          if $0 > 50 { throw Oops() }
        }
      }
      let block = [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20)
      #expect(throws: Oops.self) {
        _ = try session.copyIn("COPY t FROM STDIN") { sink in
          for _ in 0..<100 { try block.withUnsafeBytes { try sink.write($0) } }
        }
      }
      try blocker.execute("ROLLBACK")
      session.stop = {}
      #expect(try session.execute("SELECT count(*) FROM t").number == 0)
    }
  }
}
