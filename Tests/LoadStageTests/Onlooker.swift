import Dispatch
import Postgres
import Support
import Synchronization
import TestCluster

/// Looks at the registry again and again, on a thread and in a session of its own, with one statement a look.
final class Onlooker: Sendable {
  private struct State {
    var looks = 0
    var seen: [String] = []
    var error: (any Error)?
    var isOver = false
    /// Who waits, and until how many looks there were.
    var waiting: [(looks: Int, semaphore: DispatchSemaphore)] = []
  }

  private let database: TestDatabase
  private let state = Mutex(State())

  private init(_ database: TestDatabase) { self.database = database }

  /// All that was published, as one value: counts and checksums of the registry's tables, what brought them, and the feed.
  static let look = """
    SELECT concat_ws(' ', (SELECT count(*) FROM tax_registration), (SELECT count(*) FROM business_industry),
      (SELECT md5(string_agg(r::text, '|' ORDER BY ban)) FROM tax_registration r),
      (SELECT md5(string_agg(i::text, '|' ORDER BY business_id, industry_code)) FROM business_industry i),
      (SELECT max(id) FROM publication), (SELECT count(*) FROM registration_change))
    """

  /// - Returns: what it saw, one after the other and each once in a row.
  static func with(_ database: TestDatabase, _ body: (Onlooker) throws -> Void) throws -> [String] {
    let onlooker = Onlooker(database)
    let join = Join()
    join.enter()
    BlockingThread.start {
      onlooker.run()
      join.leave()
    }
    let result = Result { try body(onlooker) }
    onlooker.state.withLock { $0.isOver = true }
    join.wait()
    try result.get()
    return try onlooker.state.withLock { state in
      if let error = state.error { throw error }
      return state.seen
    }
  }

  /// Returns when it has looked anew, from the beginning to the end of a look.
  func waitForALook() {
    let semaphore = DispatchSemaphore(value: 0)
    state.withLock { state in
      // The look that is under way does not count.
      if state.error == nil { state.waiting.append((state.looks + 2, semaphore)) } else { semaphore.signal() }
    }
    semaphore.wait()
  }

  private func run() {
    do {
      var session = try database.open()
      while !state.withLock({ $0.isOver }) {
        let seen = try session.execute(Self.look).scalar ?? "nothing"
        state.withLock { state in
          state.looks += 1
          if state.seen.last != seen { state.seen.append(seen) }
          for waiting in state.waiting where waiting.looks <= state.looks { waiting.semaphore.signal() }
          state.waiting.removeAll { [looks = state.looks] in $0.looks <= looks }
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
