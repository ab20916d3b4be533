import Spool

/// What a clean-up does with each snapshot of a spool.
package enum RetentionPlan {
  /// What is known of a snapshot.
  package struct Facts: Sendable {
    package var id: SnapshotID
    /// The whole source is there.
    package var isFetched: Bool
    package var hasTransform: Bool
    /// The registry holds it, or a rollback would.
    package var isWanted: Bool

    package init(_ id: SnapshotID, isFetched: Bool, hasTransform: Bool, isWanted: Bool) {
      self.id = id
      self.isFetched = isFetched
      self.hasTransform = hasTransform
      self.isWanted = isWanted
    }
  }

  package enum Fate: Sendable, Equatable {
    case keep
    /// What transform made of it goes: transform makes it again, from the source that stays.
    case strip
    case remove
  }

  /// How many of the newest keep what transform made of them: today's and, to compare it with, the one before.
  private static let transformedMin = 2

  /// - Parameters:
  ///   - snapshots: the oldest first.
  ///   - keep: how many of those that are fetched stay, the newest ones.
  /// - Returns: a fate each.
  package static func fates(_ snapshots: [Facts], keep: Int) -> [Fate] {
    var rank = snapshots.count { $0.isFetched }
    return snapshots.enumerated().map { index, snapshot in
      // A download that a newer snapshot has superseded is never gone on with.
      guard snapshot.isFetched else { return index == snapshots.count - 1 ? .keep : .remove }
      defer { rank -= 1 }
      if snapshot.isWanted { return .keep }
      if rank > keep { return .remove }
      return rank > transformedMin && snapshot.hasTransform ? .strip : .keep
    }
  }
}
