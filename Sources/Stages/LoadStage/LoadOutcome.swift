import CommandKit
import Spool

/// The result of a load that did not fail.
public struct LoadOutcome: Sendable {
  public enum Result: String, Sendable {
    /// The registry holds this snapshot already; nothing was written.
    case unchanged
    case published
  }

  public var result: Result
  public var status: Summary.Status
  /// Nil if nothing was written.
  public var jobRunID: Int?
  /// Nil if nothing was written.
  public var kind: LoadKind?
  public var totals: Totals
  public var before: RegistryState
  public var after: RegistryState
  public var changes: RegistryChanges
  /// The changes in the change feed.
  public var counts = ChangeCounts()
  /// Businesses that were edited by hand and were repaired.
  public var repaired = 0
  /// The first thousand of their BANs.
  public var repairedBANs: [String] = []
  /// Refusals that were accepted.
  public var refusals: [String] = []
  /// The published snapshot, if the registry was rolled back to it and the snapshot is therefore not loaded.
  public var rolledBackTo: String?
  public var batches: Int
  /// Batches that an earlier attempt or run had loaded.
  public var batchesResumed: Int
  public var seconds: Double
}

/// Rows of the registry's two tables.
public typealias RegistryState = Summary.Database.State

/// Number of businesses by what the load did to them.
public struct RegistryChanges: Codable, Sendable, Hashable {
  public var inserted = 0
  public var updated = 0
  public var removed = 0
  /// In the snapshot, and not written.
  public var unchanged = 0

  public init() {}
}

/// The ways to make the registry equal to a snapshot.
public enum LoadKind: String, Codable, Sendable {
  /// Fills new tables that no reader sees, and swaps them with the empty ones.
  case initial = "bulk"
  /// Writes only what differs.
  case incremental = "reconcile"
}
