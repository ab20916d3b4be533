import Synchronization

/// Limits how many operations of one kind an account or an address may have under way at once.
package final class AccountLimiter: Sendable {
  /// Too many operations are already waiting.
  package struct Full: Error {}

  private struct Line {
    var underWay = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let lines = Mutex<[String: Line]>([:])
  private let most: Int
  private let waitingMost: Int

  /// - Parameters:
  ///   - most: the number of permits for each account or address.
  ///   - waitingMost: how many operations may wait in ``wait(_:)``, for each account or address.
  package init(atMost most: Int, waiting waitingMost: Int = 0) {
    self.most = most
    self.waitingMost = waitingMost
  }

  /// Acquires a permit without waiting.
  ///
  /// - Returns: a permit, to be kept until the operation ends; nil if the limit is reached.
  package func acquire(_ who: String) -> Permit? {
    let isTaken = lines.withLock { lines in
      guard lines[who, default: Line()].underWay < most else { return false }
      lines[who, default: Line()].underWay += 1
      return true
    }
    return isTaken ? Permit(who, self) : nil
  }

  /// Acquires a permit, and waits for it in order of arrival.
  ///
  /// - Throws: ``Full``.
  package func wait(_ who: String) async throws -> Permit {
    if let turn = acquire(who) { return turn }
    var isFull = false
    await withCheckedContinuation { continuation in
      let isReady = lines.withLock { lines in
        var line = lines[who, default: Line()]
        defer { lines[who] = line }
        if line.underWay < most {
          line.underWay += 1
          return true
        }
        isFull = line.waiting.count >= waitingMost
        if !isFull { line.waiting.append(continuation) }
        return isFull
      }
      if isReady { continuation.resume() }
    }
    if isFull { throw Full() }
    return Permit(who, self)
  }

  /// Returns how many operations are waiting.
  package func waiting(_ who: String) -> Int { lines.withLock { $0[who]?.waiting.count ?? 0 } }

  /// Passes the permit to the operation that has waited longest.
  fileprivate func release(_ who: String) {
    let next = lines.withLock { lines in
      guard var line = lines[who] else { return CheckedContinuation<Void, Never>?.none }
      defer { lines[who] = line.underWay > 0 ? line : nil }
      if !line.waiting.isEmpty { return line.waiting.removeFirst() }
      line.underWay -= 1
      return nil
    }
    next?.resume()
  }

  /// The right to run one operation. It is released when the last reference is gone.
  package final class Permit: Sendable {
    private let who: String
    private let turns: AccountLimiter

    fileprivate init(_ who: String, _ turns: AccountLimiter) {
      self.who = who
      self.turns = turns
    }

    deinit { turns.release(who) }
  }
}
