import Synchronization

/// How many things of one kind somebody may have under way at once, so that nobody takes what is there for all.
package final class AccountLimiter: Sendable {
  /// Too many already wait for a turn.
  package struct Full: Error {}

  private struct Line {
    var underWay = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let lines = Mutex<[String: Line]>([:])
  private let most: Int
  private let waitingMost: Int

  /// - Parameters:
  ///   - most: how many turns there are at once for each.
  ///   - waitingMost: how many may wait for one in ``wait(_:)``, for each.
  package init(atMost most: Int, waiting waitingMost: Int = 0) {
    self.most = most
    self.waitingMost = waitingMost
  }

  /// - Returns: nil where as many as may be are under way; otherwise keep the turn for as long as it takes.
  package func acquire(_ who: String) -> Permit? {
    let isTaken = lines.withLock { lines in
      guard lines[who, default: Line()].underWay < most else { return false }
      lines[who, default: Line()].underWay += 1
      return true
    }
    return isTaken ? Permit(who, self) : nil
  }

  /// The same, behind those who came before.
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

  /// How many wait for a turn.
  package func waiting(_ who: String) -> Int { lines.withLock { $0[who]?.waiting.count ?? 0 } }

  /// Passes the turn to the next in line.
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

  /// Given back when nobody holds it any more.
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
