import Dispatch
import Postgres
import Support
import Synchronization
import TestCluster

/// Reads the registry in a loop, one statement per read, on its own thread and session.
final class ConcurrentReader: Sendable {
  private struct State {
    var reads = 0
    var seen: [String] = []
    var error: (any Error)?
    var isOver = false
    /// Waiting threads, each with the number of reads that it waits for.
    var waiting: [(reads: Int, semaphore: DispatchSemaphore)] = []
  }

  private let database: TestDatabase
  private let state = Mutex(State())

  private init(_ database: TestDatabase) { self.database = database }

  /// Returns all published state as one value: row counts and checksums of the tables, the last publication, and the
  /// size of the feed.
  static let statement = """
    SELECT concat_ws(' ', (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry),
      (SELECT md5(string_agg(r::text, '|' ORDER BY ban)) FROM tax_registration r),
      (SELECT md5(string_agg(i::text, '|' ORDER BY business_id, industry_code)) FROM business_industry i),
      (SELECT max(id) FROM publication), (SELECT count(*) FROM registration_change))
    """

  /// Runs `body` while the reader reads.
  ///
  /// - Returns: the values that were read, in order, without consecutive repeats.
  static func with(_ database: TestDatabase, _ body: (ConcurrentReader) throws -> Void) throws -> [String] {
    let reader = ConcurrentReader(database)
    let join = Join()
    join.enter()
    BlockingThread.start {
      reader.run()
      join.leave()
    }
    let result = Result { try body(reader) }
    reader.state.withLock { $0.isOver = true }
    join.wait()
    try result.get()
    return try reader.state.withLock { state in
      if let error = state.error { throw error }
      return state.seen
    }
  }

  /// Waits for a complete read that starts after this call.
  func waitForALook() {
    let semaphore = DispatchSemaphore(value: 0)
    state.withLock { state in
      // The read in progress does not count.
      if state.error == nil { state.waiting.append((state.reads + 2, semaphore)) } else { semaphore.signal() }
    }
    semaphore.wait()
  }

  private func run() {
    do {
      var session = try database.open()
      while !state.withLock({ $0.isOver }) {
        let seen = try session.execute(Self.statement).scalar ?? "nothing"
        state.withLock { state in
          state.reads += 1
          if state.seen.last != seen { state.seen.append(seen) }
          for waiting in state.waiting where waiting.reads <= state.reads { waiting.semaphore.signal() }
          state.waiting.removeAll { [reads = state.reads] in $0.reads <= reads }
        }
      }
    } catch {
      state.withLock { state in
        state.error = error
        for waiting in state.waiting { waiting.semaphore.signal() }
        state.waiting = []
      }
    }
  }
}
