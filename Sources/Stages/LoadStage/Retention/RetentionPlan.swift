import Spool

/// What a clean-up does with each snapshot of a spool.
package enum RetentionPlan {
  /// Facts about a snapshot.
  package struct Facts: Sendable {
    package var id: SnapshotID
    /// Whether the whole source was fetched.
    package var isFetched: Bool
    package var hasTransform: Bool
    /// Whether it is whole and was published at least once.
    package var isPublished: Bool
    /// Whether the registry holds it, or would after a rollback.
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
    /// Remove transform's files. Transform can rebuild them from the source, which stays.
    case strip
    case remove
  }

  /// How many of the newest snapshots of each kind keep transform's files: the latest, and the one before to compare
  /// with.
  private static let transformedMin = 2

  /// Decides what to do with each snapshot. Samples, limited snapshots, refused ones and those of dry runs are counted
  /// separately, so that they never displace a published snapshot.
  ///
  /// - Parameters:
  ///   - snapshots: the oldest first.
  ///   - keep: how many of the newest published snapshots stay, and how many of the newest others.
  /// - Returns: a fate for each snapshot.
  package static func fates(_ snapshots: [Facts], keep: Int) -> [Fate] {
    var published = snapshots.count { $0.isFetched && $0.isPublished }
    var others = snapshots.count { $0.isFetched && !$0.isPublished }
    return snapshots.enumerated().map { index, snapshot in
      // An unfinished download is never resumed once there is a newer snapshot.
      guard snapshot.isFetched else { return index == snapshots.count - 1 ? .keep : .remove }
      let rank = snapshot.isPublished ? published : others
      if snapshot.isPublished { published -= 1 } else { others -= 1 }
      if snapshot.isWanted { return .keep }
      if rank > keep { return .remove }
      return rank > transformedMin && snapshot.hasTransform ? .strip : .keep
    }
  }
}
