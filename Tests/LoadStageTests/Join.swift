import Dispatch

/// Waits for threads that were started.
final class Join: Sendable {
  private let group = DispatchGroup()

  func enter() { group.enter() }
  func leave() { group.leave() }
  func wait() { group.wait() }
}
