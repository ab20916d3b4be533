import Support

/// How a snapshot differs from the registry. The rows that differ are staged.
struct Diff: Sendable {
  struct Removal: Sendable {
    let ban: String
    /// `absent` or `rejected`.
    let reason: String
    /// Whether it was inserted by hand: the source never had it.
    let isRepair: Bool
  }

  /// Businesses of the snapshot that are new or differ.
  var staged = 0
  /// Businesses of the registry that the source has with other content.
  var changed = 0
  var removals: [Removal] = []
  /// Businesses that were edited by hand and are repaired. They are not changes of the source.
  var repairs: [UInt32] = []
  /// The outcome for each correction in force or to add.
  var resolutions: [UInt32: Correction.Resolution] = [:]
  /// Businesses whose correction stays although the source has changed their record since: the registry lacks the changes.
  var hidden: [UInt32] = []
  /// Businesses with a correction whose content the registry does not hold.
  var correctionsToStage: [UInt32] = []

  var repairCount: Int { repairs.count + removals.count { $0.isRepair } }

  /// The first thousand BANs of repaired businesses.
  var repairedBANs: [String] {
    Array((repairs.lazy.map(BANText.text) + removals.filter(\.isRepair).map(\.ban)).sorted().prefix(1000))
  }

  /// Businesses that the source changed or removed.
  var lost: Int { changed + removals.count { !$0.isRepair } }
}
