import Synchronization

/// How many things of one kind somebody may have under way at once, so that nobody takes what is there for all.
final class Turns: Sendable {
  private let counts = Mutex<[String: Int]>([:])
  private let most: Int

  init(atMost most: Int) { self.most = most }

  /// - Returns: nil where as many as may be are under way; otherwise keep the turn for as long as it takes.
  func take(_ who: String) -> Turn? {
    let isTaken = counts.withLock { counts in
      guard counts[who, default: 0] < most else { return false }
      counts[who, default: 0] += 1
      return true
    }
    return isTaken ? Turn(who, self) : nil
  }

  fileprivate func giveBack(_ who: String) {
    counts.withLock { counts in
      let left = counts[who, default: 1] - 1
      counts[who] = left > 0 ? left : nil
    }
  }

  /// Given back when nobody holds it any more.
  final class Turn: Sendable {
    private let who: String
    private let turns: Turns

    fileprivate init(_ who: String, _ turns: Turns) {
      self.who = who
      self.turns = turns
    }

    deinit { turns.giveBack(who) }
  }
}
