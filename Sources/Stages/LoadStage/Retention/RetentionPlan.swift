import Spool

/// What a clean-up does with each snapshot of a spool.
package enum RetentionPlan {
  /// What is known of a snapshot.
  package struct Facts: Sendable {
    package var id: SnapshotID
    /// The whole source is there.
    package var isFetched: Bool
    package var hasTransform: Bool
    /// It is whole, and was published at least once.
    package var isPublished: Bool
    /// The registry holds it, or a rollback would.
    package var isWanted: Bool

    package init(_ id: SnapshotID, isFetched: Bool, hasTransform: Bool, isPublished: Bool, isWanted: Bool) {
      self.id = id
      self.isFetched = isFetched
      self.hasTransform = hasTransform
      self.isPublished = isPublished
      self.isWanted = isWanted
    }
  }

  package enum Fate: Sendable, Equatable {
    case keep
    /// What transform made of it goes: transform makes it again, from the source that stays.
    case strip
    case remove
  }

  /// How many of the newest of each kind keep transform's files: today's, and the one before for comparison.
  private static let transformedMin = 2

  /// Samples, limited snapshots, refused ones and those of dry runs are counted separately, so that they never replace
  /// a published snapshot.
  ///
  /// - Parameters:
  ///   - snapshots: the oldest first.
  ///   - keep: how many stay of those that were published, and as many of the others, the newest ones of each.
  /// - Returns: a fate each.
  package static func fates(_ snapshots: [Facts], keep: Int) -> [Fate] {
    var published = snapshots.count { $0.isFetched && $0.isPublished }
    var others = snapshots.count { $0.isFetched && !$0.isPublished }
    return snapshots.enumerated().map { index, snapshot in
      // A download that a newer snapshot has superseded is never gone on with.
      guard snapshot.isFetched else { return index == snapshots.count - 1 ? .keep : .remove }
      let rank = snapshot.isPublished ? published : others
      if snapshot.isPublished { published -= 1 } else { others -= 1 }
      if snapshot.isWanted { return .keep }
      if rank > keep { return .remove }
      return rank > transformedMin && snapshot.hasTransform ? .strip : .keep
    }
  }
}
