import CommandKit
import Postgres
import Support
import Synchronization

/// Threads with a session each that take their work from one list. The first one that fails ends the others.
struct BatchWorkers: Sendable {
  let access: DatabaseAccess
  let count: Int

  func run<Item: Sendable>(_ items: [Item], _ body: @escaping @Sendable (inout Connection, Item) throws -> Void) throws
  {
    guard !items.isEmpty else { return }
    let list = WorkList(count: items.count)
    var access = access
    // A crash loses a staged batch together with its ledger row, so these commits need not wait for the disk. The
    // commit that publishes waits.
    access.settings["synchronous_commit"] = "off"
    access.settings["maintenance_work_mem"] = "256MB"
    let stop = access.stop
    access.stop = {
      try stop()
      if list.isOver { throw WorkList.Over() }
    }
    Workers.run(min(count, items.count)) { [access] _ in
      do {
        var session = try access.open()
        while let index = list.next() { try body(&session, items[index]) }
      } catch { list.fail(error) }
    }
    if let error = list.error { throw error }
  }
}

private final class WorkList: Sendable {
  /// Another worker failed, and its error is the one that counts.
  struct Over: Error {}

  private struct State {
    var next = 0
    var error: (any Error)?
  }

  private let count: Int
  private let state = Mutex(State())

  init(count: Int) { self.count = count }

  var error: (any Error)? { state.withLock { $0.error } }
  var isOver: Bool { error != nil }

  func next() -> Int? {
    state.withLock { state in
      guard state.error == nil, state.next < count else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  func fail(_ error: any Error) {
    state.withLock { if $0.error == nil, !(error is Over) { $0.error = error } }
  }
}
