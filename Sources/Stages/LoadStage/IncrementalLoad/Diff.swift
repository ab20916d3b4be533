import Support

/// How a snapshot differs from the registry. The rows that differ are staged.
struct Diff: Sendable {
  struct Removal: Sendable {
    let ban: String
    /// `absent` or `rejected`.
    let reason: String
    /// The source never had it.
    let isRepair: Bool
  }

  /// Businesses of the snapshot that are new or differ.
  var staged = 0
  /// Businesses that the registry has and the source has otherwise.
  var changed = 0
  var removals: [Removal] = []
  /// Businesses that were edited by hand and are repaired. They are no change of the source.
  var repairs: [UInt32] = []
  /// What becomes of the corrections in force and of those to add.
  var resolutions: [UInt32: Correction.Resolution] = [:]
  /// Corrections in force that the registry does not hold as they are.
  var correctionsToStage: [UInt32] = []

  var repairCount: Int { repairs.count + removals.count { $0.isRepair } }

  /// Which, the first thousand.
  var repairedBANs: [String] {
    Array((repairs.lazy.map(BANText.text) + removals.filter(\.isRepair).map(\.ban)).sorted().prefix(1000))
  }

  /// Businesses that the source changed or took out.
  var lost: Int { changed + removals.count { !$0.isRepair } }
}
