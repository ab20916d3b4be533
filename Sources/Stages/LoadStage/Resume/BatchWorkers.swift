import Postgres
import Support
import Synchronization

/// Worker threads with a session each, which process the items of one list. If one fails, the others stop. A worker for
/// which there is no session leaves its work to the others.
struct BatchWorkers: Sendable {
  let access: DatabaseAccess
  let count: Int

  func run<Item: Sendable>(_ items: [Item], _ body: @escaping @Sendable (inout Connection, Item) throws -> Void) throws
  {
    let list = WorkList(items)
    var access = access
    // A crash loses a staged batch together with its row in load_batch, so these commits need not wait for the disk.
    // The commit that publishes waits.
    access.settings["synchronous_commit"] = "off"
    access.settings["maintenance_work_mem"] = "256MB"
    let stop = access.stop
    access.stop = {
      try stop()
      if list.hasFailed { throw OtherFailed() }
    }
    var opening = access
    opening.stop = { [access] in
      try access.stop()
      // A pooler may keep a worker waiting until the others have done the work.
      if list.isEmpty { throw NothingLeft() }
    }
    let shortage = Mutex<PostgresError?>(nil)
    try list.run(threads: count) { [access, opening] list in
      var session: Connection
      do { session = try Self.open(opening) } catch is NothingLeft { return } catch let error as PostgresError
        where error.isShortOfSessions
      {
        shortage.withLock { $0 = error }
        return
      }
      session.stop = access.stop
      while let item = list.next() { try body(&session, item) }
    }
    if let error = shortage.withLock({ $0 }), !list.isEmpty { throw error }
  }

  /// Opens a session and runs a statement: a pooler grants a session only then.
  private static func open(_ access: DatabaseAccess) throws -> Connection {
    var session = try access.open()
    _ = try session.bool("SELECT true")
    return session
  }

  /// Stops a worker after another one has failed. The error of that one is reported.
  private struct OtherFailed: Error {}
  /// Ends a worker that waits for a session while no work is left.
  private struct NothingLeft: Error {}
}
