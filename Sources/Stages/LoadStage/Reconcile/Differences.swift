/// How a snapshot differs from the registry, once all of it was looked at. Rows that differ are staged by then.
struct Differences: Sendable {
  struct Removal: Sendable {
    let ban: String
    /// `absent` or `rejected`.
    let reason: String
    /// The source never had it.
    let isRepair: Bool
  }

  /// Businesses that the registry has and the source has otherwise.
  var changed = 0
  var removals: [Removal] = []
  /// Businesses that a hand had edited and that are made right: they are no change of the source.
  var repairs: [UInt32] = []
  /// What became of the corrections that were in force, and of those that were put on.
  var verdicts: [UInt32: Correction.Verdict] = [:]
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
