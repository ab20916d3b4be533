import Postgres
import Support

/// Worker threads with a session each, which process the items of one list. If one fails, the others stop.
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
    try list.run(threads: count) { [access] list in
      var session = try access.open()
      while let item = list.next() { try body(&session, item) }
    }
  }

  /// Stops a worker after another one has failed. The error of that one is reported.
  private struct OtherFailed: Error {}
}
